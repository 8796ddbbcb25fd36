// The features as Python calls them: lists of Python objects in, arrays as bytes out.

#include "features.hpp"

#include <algorithm>
#include <limits>

#include "convert.hpp"
#include "kernel.hpp"

namespace kernel {

namespace {

using features::Ints;

// The code points of a string.
class Points {
  public:
    explicit Points(PyObject *text) : size_(PyUnicode_GetLength(text)) {
        if (size_ < 0) throw PythonError();
        points_ = PyUnicode_AsUCS4Copy(text);
        if (!points_) throw PythonError();
    }
    ~Points() { PyMem_Free(points_); }
    Points(const Points &) = delete;
    Points &operator=(const Points &) = delete;
    const uint32_t *data() const { return points_; }
    size_t size() const { return static_cast<size_t>(size_); }

  private:
    Py_ssize_t size_;
    Py_UCS4 *points_ = nullptr;
};

Ref as_list(PyObject *sequence) {
    if (PyList_Check(sequence)) return Ref(Py_NewRef(sequence));
    return Ref(PySequence_List(sequence));
}

Ints integers(PyObject *column, size_t size) {
    const Buffer buffer(column, sizeof(int32_t));
    if (buffer.size() != size) refuse("columns of a page differ in length");
    const int32_t *const first = buffer.of<int32_t>();
    Ints values(first, first + size);
    for (int32_t value : values)
        if (value < -1) refuse("a number of a page is out of range");
    return values;
}

// What a dictionary of numbers has for a key, `otherwise` if nothing.
int32_t looked_up(PyObject *numbers, PyObject *key, int32_t otherwise) {
    PyObject *found = PyDict_GetItemWithError(numbers, key);
    if (!found) {
        if (PyErr_Occurred()) throw PythonError();
        return otherwise;
    }
    const long value = PyLong_AsLong(found);
    if (value == -1 && PyErr_Occurred()) throw PythonError();
    return static_cast<int32_t>(value);
}

int32_t looked_up(PyObject *numbers, const char *key) {
    const Ref name(PyUnicode_FromString(key));
    return looked_up(numbers, name.get(), -1);
}

// Numbers strings from 0 in the order in which they appear; an object seen lately is known at once.
class Names {
  public:
    Names() : numbers_(PyDict_New()), distinct_(PyList_New(0)) {}

    Ints of(PyObject *list, size_t size) {
        if (static_cast<size_t>(PyList_Size(list)) != size) refuse("columns of a page differ in length");
        Ints codes(size);
        for (size_t i = 0; i < size; ++i) codes[i] = of(PyList_GetItem(list, static_cast<Py_ssize_t>(i)));
        return codes;
    }
    PyObject *distinct() const { return distinct_.get(); }
    size_t size() const { return static_cast<size_t>(PyList_Size(distinct_.get())); }
    PyObject *name(size_t index) const { return PyList_GetItem(distinct_.get(), static_cast<Py_ssize_t>(index)); }

  private:
    static const size_t KEPT = 256;
    struct Seen {
        PyObject *name = nullptr;
        int32_t number = 0;
    };

    int32_t of(PyObject *name) {
        Seen &seen = seen_[(reinterpret_cast<uintptr_t>(name) >> 4) % KEPT];
        if (seen.name == name) return seen.number;
        int32_t number = looked_up(numbers_.get(), name, -1);
        if (number < 0) {
            number = static_cast<int32_t>(size());
            const Ref value(PyLong_FromLong(number));
            if (PyDict_SetItem(numbers_.get(), name, value.get()) < 0) throw PythonError();
            if (PyList_Append(distinct_.get(), name) < 0) throw PythonError();
        }
        seen.name = name;
        seen.number = number;
        return number;
    }

    Ref numbers_, distinct_;
    Seen seen_[KEPT];
};

// -- the page -------------------------------------------------------------------------------------

// The texts of a page as code points, as they are and in lower case.
class Texts {
  public:
    explicit Texts(PyObject *texts) : list_(as_list(texts)) {
        const Py_ssize_t n = PyList_Size(list_.get());
        for (Py_ssize_t i = 0; i < n; ++i) {
            const Py_ssize_t length = PyUnicode_GetLength(PyList_GetItem(list_.get(), i));
            if (length < 0) throw PythonError();
            if (!length) refuse("a block has no text");
            if (length > std::numeric_limits<int32_t>::max()) refuse("a block's text is too long");
            lengths_.push_back(static_cast<int32_t>(length));
        }
        if (!n) refuse("a page has no blocks");
        const Ref feed(PyUnicode_FromString("\n"));
        joined_ = Ref(PyUnicode_Join(feed.get(), list_.get()));
    }
    const Ints &lengths() const { return lengths_; }
    PyObject *joined() const { return joined_.get(); }

  private:
    Ref list_;
    Ints lengths_;
    Ref joined_;
};

void read_blocks(PyObject *columns, size_t n, features::Markup &markup) {
    Ints *targets[] = {&markup.element, &markup.link_chars, &markup.links,  &markup.emphasis_chars,
                       &markup.images,  &markup.controls,   &markup.hidden, &markup.source};
    for (Py_ssize_t i = 0; i < 8; ++i) *targets[i] = integers(PyTuple_GetItem(columns, i), n);
}

// Parents stand before their children, and ranges of blocks lie on the page: all later code relies on it.
void read_elements(PyObject *columns, int32_t n, features::Markup &markup) {
    const size_t m = static_cast<size_t>(PySequence_Size(PyTuple_GetItem(columns, 0)));
    markup.parent = integers(PyTuple_GetItem(columns, 0), m);
    markup.first = integers(PyTuple_GetItem(columns, 1), m);
    markup.end = integers(PyTuple_GetItem(columns, 2), m);
    if (!m) {  // all blocks hang from a root
        markup.parent = markup.first = {0};
        markup.end = {n};
    }
    const int32_t size = static_cast<int32_t>(markup.parent.size());
    for (int32_t i = 0; i < size; ++i) {
        markup.parent[i] = std::max(markup.parent[i], 0);
        if (i ? markup.parent[i] >= i : markup.parent[i] != 0) refuse("an element stands before its parent");
        markup.end[i] = i ? std::max(markup.end[i], markup.first[i]) : n;
        if (markup.first[i] < 0 || markup.end[i] > n || markup.first[i] > markup.end[i])
            refuse("an element's blocks are not on the page");
    }
    for (int32_t element : markup.element)
        if (element >= size) refuse("a block's element is not on the page");
}

Names read_names(PyObject *list, size_t size, const char *otherwise, Ints &codes) {
    Names names;
    Ref names_list = as_list(list);
    if (!PyList_Size(names_list.get())) {
        const Ref root(PyUnicode_FromString(otherwise));
        names_list = Ref(PyList_New(0));
        if (PyList_Append(names_list.get(), root.get()) < 0) throw PythonError();
    }
    codes = names.of(names_list.get(), size);
    return names;
}

void read_tags(const Names &tags, PyObject *block_tags, PyObject *codes, PyObject *entries, size_t n,
               features::Markup &markup) {
    const Ref list = as_list(block_tags);
    if (static_cast<size_t>(PyList_Size(list.get())) != n) refuse("columns of a page differ in length");
    for (size_t i = 0; i < n; ++i)
        markup.code.push_back(looked_up(codes, PyList_GetItem(list.get(), static_cast<Py_ssize_t>(i)), 0));
    for (size_t i = 0; i < tags.size(); ++i) {
        markup.tag_code.push_back(looked_up(codes, tags.name(i), 0));
        markup.tag_entry.push_back(looked_up(entries, tags.name(i), -1));
        markup.entries = std::max(markup.entries, markup.tag_entry.back() + 1);
        const Points points(tags.name(i));
        features::Hasher hash;
        for (size_t k = 0; k < points.size(); ++k) hash.add(points.data()[k]);
        markup.tag_hash.push_back(hash.finish());
    }
    markup.main_entry = looked_up(entries, "main");
    markup.article_entry = looked_up(entries, "article");
    markup.p_code = looked_up(codes, "p");
    markup.li_code = looked_up(codes, "li");
    markup.td_code = looked_up(codes, "td");
    markup.th_code = looked_up(codes, "th");
}

// Only names of elements around blocks, or right inside the root: nothing looks at the others.
void read_tokens(const Names &names, const features::Markup &markup, const uint8_t *table,
                 features::Evidence &evidence) {
    std::vector<bool> around(names.size());
    for (size_t i = 0; i < markup.parent.size(); ++i)
        if (markup.end[i] > markup.first[i] || !markup.parent[i]) around[markup.identity[i]] = true;
    for (size_t i = 0; i < names.size(); ++i) {
        if (!around[i]) continue;
        const Points name(names.name(i));
        features::collect_name(name.data(), name.size(), static_cast<int32_t>(i), table, evidence);
    }
}

}  // namespace

// measure(texts, lowered, title, classes, columns, gap, markup) -> (matrix, words, evidence...)
//
// `lowered` joins the texts in lower case; `gap` columns after the first family are left to the caller
// (plain text); `markup` is None or the columns of HTML.
PyObject *measure(PyObject *, PyObject *arguments) {
    return guarded([&]() -> PyObject * {
        PyObject *texts_in, *lowered, *title_in, *classes_in, *markup_in;
        Py_ssize_t columns, gap;
        if (!PyArg_ParseTuple(arguments, "OUUOnnO", &texts_in, &lowered, &title_in, &classes_in, &columns, &gap,
                              &markup_in))
            throw PythonError();
        const Texts texts(texts_in);
        const int32_t n = static_cast<int32_t>(texts.lengths().size());
        const Buffer table(classes_in, 1);
        if (table.size() != 0x10000) refuse("the table of classes has another size");
        const uint8_t *classes = table.of<uint8_t>();
        const Points points(texts.joined()), low(lowered), title(title_in);
        if (low.size() != points.size()) refuse("the texts in lower case have another length");

        const bool is_html = markup_in != Py_None;
        features::Markup markup;
        features::Evidence evidence;
        if (is_html) {
            PyObject *blocks, *elements, *block_tags, *tags, *identities, *codes, *entries;
            Py_ssize_t n_entries;
            if (!PyArg_ParseTuple(markup_in, "O!O!OOOO!O!n", &PyTuple_Type, &blocks, &PyTuple_Type, &elements,
                                  &block_tags, &tags, &identities, &PyDict_Type, &codes, &PyDict_Type, &entries,
                                  &n_entries))
                throw PythonError();
            if (PyTuple_Size(blocks) != 8 || PyTuple_Size(elements) != 3) refuse("columns of a page are missing");
            read_blocks(blocks, static_cast<size_t>(n), markup);
            read_elements(elements, n, markup);
            const size_t m = markup.parent.size();
            const Names tag_names = read_names(tags, m, "html", markup.tag);
            const Names names = read_names(identities, m, "", markup.identity);
            read_tags(tag_names, block_tags, codes, entries, static_cast<size_t>(n), markup);
            if (markup.entries > n_entries) refuse("an entry of INSIDE is out of range");
            markup.entries = static_cast<int32_t>(n_entries);
            read_tokens(names, markup, classes, evidence);
        }
        if (columns != (is_html ? features::HTML_COLUMNS + markup.entries : features::TEXT_COLUMNS + gap))
            refuse("the features have another number of columns");
        Ref values(PyByteArray_FromStringAndSize(nullptr, Py_ssize_t(n) * columns * Py_ssize_t(sizeof(float))));
        features::Matrix matrix = {n, static_cast<int32_t>(columns),
                                   reinterpret_cast<float *>(PyByteArray_AsString(values.get()))};
        features::Ints owner;
        std::vector<int64_t> words;
        {
            const Unlocked unlocked;
            const features::Arrays page = features::measure(points.data(), low.data(), texts.lengths(), classes);
            const features::Hashes in_title = features::distinct_words(title.data(), title.size(), classes);
            const features::Floats density =
                is_html ? features::link_density(page, markup) : features::Floats();
            features::shape(page, matrix);
            if (is_html) features::links(page, markup, density, matrix);
            matrix.column += static_cast<int32_t>(gap);
            features::position(page, matrix);
            const int32_t distinct = features::repetition(page, in_title, matrix);
            features::topic(page, matrix);
            features::neighbours(page, matrix);
            features::context(page, distinct, matrix);
            features::collect(page, evidence);
            if (is_html) {
                const features::Tree tree(page, markup, density);
                features::structure(page, markup, tree, matrix);
                features::collect_tags(markup, tree, evidence);
                owner = tree.owner;
            }
            words.assign(page.words.begin(), page.words.end());
            evidence.word_block = page.token_block;
        }
        Ints span = markup.first;
        span.insert(span.end(), markup.end.begin(), markup.end.end());
        Ref parts[] = {
            bytes(words),          bytes(evidence.word),   bytes(evidence.word_block), bytes(evidence.pair),
            bytes(evidence.pair_block), bytes(evidence.phrase), bytes(evidence.tag),   bytes(evidence.name),
            bytes(evidence.name_index), bytes(markup.identity), bytes(markup.parent),  bytes(owner),
            bytes(span),
        };
        const Py_ssize_t count = sizeof(parts) / sizeof(parts[0]);
        Ref result(PyTuple_New(count + 1));
        PyTuple_SetItem(result.get(), 0, values.release());
        for (Py_ssize_t i = 0; i < count; ++i) PyTuple_SetItem(result.get(), i + 1, parts[i].release());
        return result.release();
    });
}

namespace {

// Rows of a table, each of them in it.
const int32_t *rows(const Buffer &buffer, int32_t below) {
    const int32_t *values = buffer.of<int32_t>();
    for (size_t i = 0; i < buffer.size(); ++i)
        if (values[i] < 0 || values[i] >= below) refuse("a row of the evidence is out of range");
    return values;
}

const float *table_of(const Buffer &buffer, size_t size) {
    if (buffer.size() != size) refuse("a table of the lexicon has another size");
    return buffer.of<float>();
}

PyObject *item(PyObject *tuple, Py_ssize_t index) { return PyTuple_GetItem(tuple, index); }

}  // namespace

// lexicon_columns(words, (word, word_block, pair, pair_block, phrase), (tag, name, name_index, identity,
// parent, owner), tables) -> matrix
//
// The evidence as in lexical.py; `tables` in the order of the fields of `Lexicon`. Without elements only
// the columns of the text.
PyObject *lexicon_columns(PyObject *, PyObject *arguments) {
    return guarded([&]() -> PyObject * {
        PyObject *words_in, *text, *tree, *tables;
        if (!PyArg_ParseTuple(arguments, "OO!O!O!", &words_in, &PyTuple_Type, &text, &PyTuple_Type, &tree,
                              &PyTuple_Type, &tables))
            throw PythonError();
        if (PyTuple_Size(text) != 5 || PyTuple_Size(tree) != 6 || PyTuple_Size(tables) != 10)
            refuse("parts of the evidence or of the lexicon are missing");
        using namespace features;
        const Buffer words(words_in, sizeof(int64_t)), word(item(text, 0), 4), word_block(item(text, 1), 4),
            pair(item(text, 2), 4), pair_block(item(text, 3), 4), phrase(item(text, 4), 4), tag(item(tree, 0), 4),
            name(item(tree, 1), 4), name_index(item(tree, 2), 4), identity(item(tree, 3), 4),
            parent(item(tree, 4), 4), owner(item(tree, 5), 4);
        const size_t n = words.size(), m = identity.size();
        if (word.size() != word_block.size() || pair.size() != pair_block.size() || phrase.size() != n ||
            name.size() != name_index.size() || parent.size() != m || (m && (owner.size() != n || tag.size() != n)))
            refuse("columns of the evidence differ in length");
        if (n > size_t(std::numeric_limits<int32_t>::max())) refuse("the page is too long");
        LookUp page;
        page.n = static_cast<int32_t>(n);
        page.m = static_cast<int32_t>(m);
        page.words = words.of<int64_t>();
        page.n_words = word.size();
        page.n_pairs = pair.size();
        page.n_names = name.size();
        page.word = rows(word, 1 << WORD_BITS);
        page.word_block = rows(word_block, page.n);
        page.pair = rows(pair, 1 << PAIR_BITS);
        page.pair_block = rows(pair_block, page.n);
        page.phrase = rows(phrase, 1 << PHRASE_BITS);
        page.tag = rows(tag, 1 << TAG_BITS);
        page.name = rows(name, 1 << NAME_BITS);
        page.identity = rows(identity, page.m);
        page.parent = rows(parent, page.m);
        page.owner = rows(owner, page.m);
        int32_t names = 0;
        for (int32_t i = 0; i < page.m; ++i) {
            names = std::max(names, page.identity[i] + 1);
            if (i ? page.parent[i] >= i : page.parent[i] != 0) refuse("an element stands before its parent");
        }
        page.names = names;
        page.name_index = rows(name_index, names);
        const Buffer odds[] = {{item(tables, 0), 4}, {item(tables, 1), 4}, {item(tables, 2), 4}, {item(tables, 3), 4},
                               {item(tables, 4), 4}, {item(tables, 5), 4}, {item(tables, 6), 4}, {item(tables, 7), 4},
                               {item(tables, 8), 4}, {item(tables, 9), 4}};
        const size_t word_rows = 1 << WORD_BITS, pair_rows = 1 << PAIR_BITS, phrase_rows = 1 << PHRASE_BITS,
                     name_rows = 1 << NAME_BITS, tag_rows = 1 << TAG_BITS;
        const Lexicon lexicon = {
            table_of(odds[0], word_rows),   table_of(odds[1], pair_rows), table_of(odds[2], phrase_rows),
            table_of(odds[3], name_rows),   table_of(odds[4], tag_rows),  table_of(odds[5], word_rows),
            table_of(odds[6], pair_rows),   table_of(odds[7], phrase_rows), table_of(odds[8], tag_rows),
            table_of(odds[9], (WEIGHT_LEVELS + 1) * name_rows),
        };
        const int32_t columns = TEXT_WORDING + (m ? TREE_WORDING : 0);
        Ref values(PyByteArray_FromStringAndSize(nullptr, Py_ssize_t(n) * columns * Py_ssize_t(sizeof(float))));
        Matrix matrix = {page.n, columns, reinterpret_cast<float *>(PyByteArray_AsString(values.get()))};
        {
            const Unlocked unlocked;
            text_columns(page, lexicon, matrix);
            if (m) tree_columns(page, lexicon, matrix);
        }
        return values.release();
    });
}

}  // namespace kernel
