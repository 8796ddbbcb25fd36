// Handler: the parser's events -> blocks. The rules are those of `BlockHandler` in segment/html.py, which
// says why each is as it is; here stands only what differs.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "convert.hpp"
#include "kernel.hpp"

namespace {

using kernel::guarded;
using kernel::PythonError;
using kernel::Ref;

// What a tag is, as bits: `TAG_KINDS` of segment/html.py has them in this order.
enum Kind : unsigned {
    BLOCK = 1u << 0,
    CELL = 1u << 1,
    PRE = 1u << 2,
    SKIPPED = 1u << 3,
    EMPHASIS = 1u << 4,
    CONTROL = 1u << 5,
    IMAGE = 1u << 6,
    LINK = 1u << 7,
    LINE_BREAK = 1u << 8,
    OPTION = 1u << 9,
    META = 1u << 10,
    NOSCRIPT = 1u << 11,
    TITLE = 1u << 12,
    SCRIPT = 1u << 13,
};

// The clock is looked at once in so many elements.
constexpr Py_ssize_t CLOCK_STEP = 4096;
constexpr Py_ssize_t OPEN_IFRAME_SPACES = 100;
// Fibonacci hashing: the golden ratio's fraction in 64 bits.
constexpr std::uint64_t HASH_FACTOR = 0x9E3779B97F4A7C15u;
constexpr char BREAK[] = {'\0'};
constexpr char CELL_END[] = {'\0', '\t', '\0'};

[[noreturn]] void fail(PyObject *type, const char *message) {
    PyErr_SetString(type, message);
    throw PythonError();
}

// A string's characters in UTF-8, lone surrogates as three bytes each; valid as long as the string.
class Bytes {
  public:
    // No subclass of str gets here, so no code but this runs while the handler's state is at hand.
    explicit Bytes(PyObject *text, const char *message = "a str is needed") {
        if (!PyUnicode_CheckExact(text)) fail(PyExc_TypeError, message);
        data_ = PyUnicode_AsUTF8AndSize(text, &size_);
        if (data_) return;
        if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) throw PythonError();
        PyErr_Clear();
        copy_ = Ref(PyUnicode_AsEncodedString(text, "utf-8", "surrogatepass"));
        char *data = nullptr;
        if (PyBytes_AsStringAndSize(copy_.get(), &data, &size_) < 0) throw PythonError();
        data_ = data;
    }
    const char *data() const { return data_; }
    // Whether the string itself holds these bytes.
    bool are_its_own() const { return !copy_.get(); }
    std::size_t size() const { return static_cast<std::size_t>(size_); }
    template <std::size_t N>
    bool is(const char (&literal)[N]) const {
        return size() == N - 1 && std::memcmp(data_, literal, N - 1) == 0;
    }
    bool starts_with(const char *prefix, std::size_t length) const {
        return size() >= length && std::memcmp(data_, prefix, length) == 0;
    }

  private:
    Ref copy_;
    const char *data_ = nullptr;
    Py_ssize_t size_ = 0;
};

Ref str_of(const char *utf8, std::size_t size) {
    return Ref(PyUnicode_DecodeUTF8(utf8, static_cast<Py_ssize_t>(size), "surrogatepass"));
}

Ref same(PyObject *object) {
    Py_INCREF(object);
    return Ref(object);
}

// -- white space ------------------------------------------------------------------------------------

// What stands at a place of a text, and how many bytes it takes.
enum class Sign { word, space, invisible };

struct Place {
    Sign sign;
    unsigned size;
};

inline bool is_ascii_space(unsigned char one) {
    return one == ' ' || (one >= 0x09 && one <= 0x0D) || (one >= 0x1C && one <= 0x1F);
}

// The white space of `str.isspace` and the signs of `drop_invisible` beyond ASCII. A byte of a word is
// taken by itself: none of a character's later bytes is one that begins such a sign.
Place beyond_ascii(const unsigned char *at, const unsigned char *end) {
    const std::ptrdiff_t left = end - at;
    if (*at == 0xC2 && left >= 2) {
        if (at[1] == 0x85 || at[1] == 0xA0) return {Sign::space, 2};  // U+0085, U+00A0
        if (at[1] == 0xAD) return {Sign::invisible, 2};               // U+00AD
    } else if (*at == 0xE2 && left >= 3) {
        const unsigned char last = at[2];
        if (at[1] == 0x80) {
            // U+2000 to U+200A, U+2028, U+2029, U+202F
            if (last <= 0x8A || last == 0xA8 || last == 0xA9 || last == 0xAF) return {Sign::space, 3};
            if (last == 0x8B) return {Sign::invisible, 3};  // U+200B
        } else if (at[1] == 0x81) {
            if (last == 0x9F) return {Sign::space, 3};      // U+205F
            if (last == 0xA0) return {Sign::invisible, 3};  // U+2060
        }
    } else if (*at == 0xE3 && left >= 3) {
        if (at[1] == 0x80 && at[2] == 0x80) return {Sign::space, 3};  // U+3000
    } else if (*at == 0xE1 && left >= 3) {
        if (at[1] == 0x9A && at[2] == 0x80) return {Sign::space, 3};  // U+1680
    } else if (*at == 0xEF && left >= 3) {
        if (at[1] == 0xBB && at[2] == 0xBF) return {Sign::invisible, 3};  // U+FEFF
    }
    return {Sign::word, 1};
}

inline Place place(const unsigned char *at, const unsigned char *end) {
    if (*at < 0x80) return {is_ascii_space(*at) ? Sign::space : Sign::word, 1};
    return beyond_ascii(at, end);
}

// Characters of `text` without the white space at its ends; -1 if it is nothing but white space.
Py_ssize_t stripped_length(PyObject *text, const Bytes &bytes) {
    const auto *at = reinterpret_cast<const unsigned char *>(bytes.data());
    const unsigned char *end = at + bytes.size();
    if (at == end) return 0;
    Py_ssize_t spaces = 0;
    while (at < end) {
        const Place one = place(at, end);
        if (one.sign != Sign::space) break;
        at += one.size;
        ++spaces;
    }
    if (at == end) return -1;
    for (;;) {  // a word stands before, so this ends
        const unsigned char *last = end - 1;
        while ((*last & 0xC0) == 0x80) --last;
        if (place(last, end).sign != Sign::space) break;
        end = last;
        ++spaces;
    }
    return PyUnicode_GetLength(text) - spaces;
}

void drop_invisible(std::string &text) {
    unsigned char all = 0;
    for (const char one : text) all |= static_cast<unsigned char>(one);
    if (all < 0x80) return;
    char *out = &text[0];
    const auto *at = reinterpret_cast<const unsigned char *>(text.data());
    const unsigned char *end = at + text.size();
    while (at < end) {
        const Place one = place(at, end);
        if (one.sign != Sign::invisible) {
            std::memmove(out, at, one.size);
            out += one.size;
        }
        at += one.size;
    }
    text.resize(static_cast<std::size_t>(out - text.data()));
}

// The bytes that are of a word wherever they stand.
struct WordBytes {
    bool is[256];
    WordBytes() {
        for (unsigned one = 0; one < 256; ++one) {
            const bool begins_sign = one == 0xC2 || one == 0xE1 || one == 0xE2 || one == 0xE3 || one == 0xEF;
            is[one] = one && !begins_sign && !is_ascii_space(static_cast<unsigned char>(one));
        }
    }
};
const WordBytes WORD_BYTES;

// A part of a string's bytes.
struct Part {
    const char *data;
    std::size_t size;
};

// `_block_text` in place: one pass that never writes more than it has read, and moves nothing as long as
// words stand one space apart.
Part make_block_text(std::string &text, bool preformatted) {
    drop_invisible(text);
    const auto *at = reinterpret_cast<const unsigned char *>(text.data());
    const unsigned char *end = at + text.size();
    while (!preformatted && at < end && is_ascii_space(*at)) ++at;
    char *out = &text[0] + (at - reinterpret_cast<const unsigned char *>(text.data()));
    char *begin = out;
    char *trimmed = out;  // the end of the last word
    char between = 0;     // what separates the next word from the one before
    while (at < end) {
        const bool stop = *at == 0;
        const bool cell = stop && end - at >= 3 && at[1] == '\t' && at[2] == 0;
        const Place one = stop ? Place{Sign::space, cell ? 3u : 1u} : place(at, end);
        if (one.sign == Sign::word) {
            if (between && out != begin) *out++ = between;
            between = 0;
            const unsigned char *word = at++;
            while (at < end && WORD_BYTES.is[*at]) ++at;
            const std::size_t size = static_cast<std::size_t>(at - word);
            if (reinterpret_cast<const unsigned char *>(out) != word) std::memmove(out, word, size);
            out += size;
            trimmed = out;
            continue;
        } else if (one.sign == Sign::space && !preformatted) {
            const char mark = cell ? '\t' : stop ? '\n' : ' ';
            if (!between || mark == '\t' || (mark == '\n' && between == ' ')) between = mark;
        } else if (one.sign == Sign::space) {
            if (stop) {
                *out++ = cell ? '\t' : '\n';
            } else {
                std::memmove(out, at, one.size);
                out += one.size;
            }
        }
        at += one.size;
    }
    while (preformatted && begin < trimmed && *begin == '\n') ++begin;
    return {begin, static_cast<std::size_t>(trimmed - begin)};
}

// Whether a style attribute hides its element.
bool hides(const Bytes &style) {
    std::string compact;
    compact.reserve(style.size());
    const auto *at = reinterpret_cast<const unsigned char *>(style.data());
    const unsigned char *end = at + style.size();
    while (at < end) {
        const Place one = place(at, end);
        if (one.sign != Sign::space) {
            // Other letters than A to Z have no lower-case form that could complete these words.
            const bool upper = *at >= 'A' && *at <= 'Z';
            compact.push_back(static_cast<char>(upper ? *at + ('a' - 'A') : *at));
            for (unsigned more = 1; more < one.size; ++more) compact.push_back(static_cast<char>(at[more]));
        }
        at += one.size;
    }
    return compact.find("display:none") != std::string::npos ||
           compact.find("visibility:hidden") != std::string::npos;
}

// -- the state of the pass ----------------------------------------------------------------------------

enum class Name { other, identity, aria_hidden, hidden, style };

Name name_of(const Bytes &name) {
    switch (name.size()) {
        case 2: return name.is("id") ? Name::identity : Name::other;
        case 4: return name.is("role") ? Name::identity : Name::other;
        case 5: return name.is("class") ? Name::identity : name.is("style") ? Name::style : Name::other;
        case 6: return name.is("hidden") ? Name::hidden : Name::other;
        case 8: return name.is("itemprop") || name.is("itemtype") ? Name::identity : Name::other;
        case 10: return name.is("aria-label") ? Name::identity : Name::other;
        case 11:
            if (name.is("aria-hidden")) return Name::aria_hidden;
            return name.is("data-testid") ? Name::identity : Name::other;
        default: return Name::other;
    }
}

// One attribute, a tuple of a name and a value; what it gives belongs to that tuple.
class Attribute {
  public:
    explicit Attribute(PyObject *pair) : pair_(pair) {}
    Bytes name() const { return Bytes(item(0), "an attribute's name must be a str"); }
    PyObject *name_object() const { return item(0); }
    // nullptr where the page gives none.
    PyObject *value() const {
        PyObject *value = item(1);
        if (value == Py_None) return nullptr;
        if (!PyUnicode_CheckExact(value)) fail(PyExc_TypeError, "an attribute's value must be a str or None");
        return value;
    }

  private:
    PyObject *item(Py_ssize_t index) const {
        PyObject *found = PyTuple_GetItem(pair_, index);
        if (!found) fail(PyExc_TypeError, "an attribute must be a name and a value");
        return found;
    }
    PyObject *pair_;
};

// The attributes of an element, as the parser hands them over.
class Attributes {
  public:
    explicit Attributes(PyObject *tuple) : tuple_(tuple) {
        if (!PyTuple_CheckExact(tuple)) fail(PyExc_TypeError, "attrs must be a tuple");
        size_ = PyTuple_Size(tuple);
    }
    Py_ssize_t size() const { return size_; }
    Attribute operator[](Py_ssize_t index) const {
        PyObject *pair = PyTuple_GetItem(tuple_, index);
        if (!pair) throw PythonError();
        if (!PyTuple_CheckExact(pair)) fail(PyExc_TypeError, "an attribute must be a tuple");
        return Attribute(pair);
    }

  private:
    PyObject *tuple_;
    Py_ssize_t size_;
};

struct Tag {
    Ref name;
    unsigned kind;
};

// Half the memory of Py_ssize_t for the largest column; `MAX_COUNT` keeps to it.
using Index = std::int32_t;
constexpr Py_ssize_t MAX_COUNT = std::numeric_limits<Index>::max() - 1;

struct Element {
    Index tag, parent, child, children, first_block, end_block;
    Ref identity;
};

struct Block {
    Ref text;
    Index tag, element;
    Py_ssize_t link_chars, links, emphasis_chars, images, controls;
    bool hidden, noscript;
};

struct Script {
    Ref type;
    std::vector<Ref> pieces;
};

struct Rules {
    Py_ssize_t max_cell_chars, max_scripts, max_nodes, max_depth, max_blocks;
    int watchful;
};

class Pass {
  public:
    Pass(PyObject *kinds, const Rules &rules, Ref deadline, Ref clock, PyObject *stop)
        : kinds_(same(kinds)), rules_(rules), deadline_(std::move(deadline)), clock_(std::move(clock)),
          stop_(same(stop)), numbers_of_tags_(PyDict_New()), names_(PyDict_New()),
          empty_(PyUnicode_FromString("")), social_title_(same(empty_.get())), stop_at_(0) {}

    void start(PyObject *tag, PyObject *attrs);
    void end(PyObject *tag);
    void characters(PyObject *data);
    PyObject *finish();

  private:
    [[noreturn]] void stop(const char *limit) { fail(stop_.get(), limit); }
    void check(Index index);
    Index tag_number(PyObject *tag);
    Index number_of(PyObject *tag, const Bytes &name);
    Ref interned(PyObject *name);
    PyObject *looked_up(PyObject *name);
    void start_block(unsigned kind, Index index);
    void start_inline(unsigned kind, Index index, const Attributes &attrs);
    void start_skipped(unsigned kind, const Attributes &attrs);
    void start_link(Index index);
    void start_cell(Index index);
    void line_break();
    void read_meta(const Attributes &attrs);
    Ref identity(Index index, const Attributes &attrs);
    void close(Index index);
    void boundary();
    void append(Ref text);
    void reset();
    void piece(const char *data, std::size_t size) {
        text_.append(data, size);
        has_pieces_ = true;
        after_break_sign_ = size == 1 && *data == '\0';
    }
    void break_once() {
        if (!after_break_sign_) piece(BREAK, sizeof BREAK);
    }
    Index blocks() const { return static_cast<Index>(blocks_.size()); }
    Element &element(Index index) { return elements_[static_cast<std::size_t>(index)]; }
    Tag &tag_of(const Element &one) { return tags_[static_cast<std::size_t>(one.tag)]; }

    Ref kinds_;
    Rules rules_;
    Ref deadline_, clock_, stop_;
    Ref numbers_of_tags_, names_, empty_, social_title_;
    std::vector<Tag> tags_;
    // Tags and names seen of late, by a hash of their letters: spares most look-ups, and the worst that a
    // page can do is to spare none.
    struct RecentName {
        PyObject *name;  // one of `names_`
        const char *data;
        std::size_t size;
    };
    struct Recent {
        std::uint64_t letters;
        std::size_t size;
        Index number;
    };
    Recent recent_[64] = {};
    RecentName recent_names_[256] = {};
    std::vector<Element> elements_;
    std::vector<Block> blocks_;
    std::vector<Index> containers_;
    std::vector<Ref> title_;
    std::vector<Script> scripts_;
    std::vector<Ref> *capture_ = nullptr;
    Py_ssize_t stop_at_;
    Index current_ = -1, root_children_ = 0;
    Py_ssize_t depth_ = 0, skipped_ = 0;
    Index open_link_ = -1, open_emphasis_ = -1, open_hidden_ = -1, open_noscript_ = -1, open_pre_ = -1;
    bool after_link_ = false;
    // The block at hand: `text_` holds the pieces one after another.
    std::string text_;
    bool has_pieces_ = false, after_break_sign_ = false;
    Index owner_ = -1;
    Py_ssize_t cells_ = 1, cell_length_ = 0;
    Py_ssize_t link_chars_ = 0, links_ = 0, emphasis_chars_ = 0, images_ = 0, controls_ = 0;
    bool after_break_ = false, in_pre_ = false, in_hidden_ = false, in_noscript_ = false;
};

void Pass::reset() {
    text_.clear();
    has_pieces_ = after_break_sign_ = false;
    owner_ = -1;
    cells_ = 1;
    cell_length_ = link_chars_ = links_ = emphasis_chars_ = 0;
    after_break_ = in_pre_ = in_hidden_ = in_noscript_ = false;
}

// -- events -------------------------------------------------------------------------------------------

void Pass::start(PyObject *tag, PyObject *attrs) {
    if (!PyUnicode_CheckExact(tag)) fail(PyExc_TypeError, "tag must be a str");
    const Attributes attributes(attrs);
    if (skipped_) {
        ++skipped_;
        return;
    }
    const Index index = static_cast<Index>(elements_.size());
    if (index >= stop_at_) check(index);
    if (depth_ >= rules_.max_depth) stop("max_depth");
    const Index number = tag_number(tag);
    const Index child = ++(current_ < 0 ? root_children_ : element(current_).children);
    elements_.push_back({number, current_, child, 0, 0, 0, Ref()});
    ++depth_;
    current_ = index;
    const unsigned kind = tags_[static_cast<std::size_t>(number)].kind;
    if (kind & BLOCK) {
        start_block(kind, index);
    } else if (kind & SKIPPED) {
        start_skipped(kind, attributes);
    } else if (kind) {
        start_inline(kind, index, attributes);
    }
    element(index).first_block = blocks();
    element(index).identity = identity(index, attributes);
}

void Pass::end(PyObject *tag) {
    if (!PyUnicode_CheckExact(tag)) fail(PyExc_TypeError, "tag must be a str");
    if (skipped_) {
        if (--skipped_) return;
        capture_ = nullptr;
    }
    const Index index = current_;
    if (index < 0) fail(PyExc_ValueError, "an element ends that never started");
    Element &one = element(index);
    if (!containers_.empty() && containers_.back() == index) {
        if (in_pre_ && index != open_pre_) {
            break_once();
        } else if (!(tag_of(one).kind & CELL)) {
            boundary();
        }
        containers_.pop_back();
    }
    close(index);
    one.end_block = blocks();
    current_ = one.parent;
    --depth_;
}

void Pass::close(Index index) {
    if (index == open_link_) {
        open_link_ = -1;
        after_link_ = true;
    }
    if (index == open_emphasis_) open_emphasis_ = -1;
    if (index == open_hidden_) open_hidden_ = -1;
    if (index == open_noscript_) open_noscript_ = -1;
    if (index == open_pre_) open_pre_ = -1;
}

// Whether the text of a skipped element begins with the end of the <noscript> around it.
bool ends_noscript(PyObject *raw) {
    static const char END[] = "</noscript";
    const Py_ssize_t size = PyUnicode_GetLength(raw), length = sizeof END - 1;
    Py_ssize_t at = 0;
    const auto is = [&](Py_ssize_t place, char letter) {
        return PyUnicode_ReadChar(raw, place) == static_cast<Py_UCS4>(letter);
    };
    while (at < size && at < OPEN_IFRAME_SPACES &&
           (is(at, ' ') || is(at, '\n') || is(at, '\r') || is(at, '\t') || is(at, '\f')))
        ++at;
    if (size - at < length) return false;
    for (Py_ssize_t i = 0; i < length; ++i)
        if (!is(at + i, END[i])) return false;
    return true;
}

void Pass::characters(PyObject *data) {
    if (!PyUnicode_CheckExact(data)) fail(PyExc_TypeError, "data must be a str");
    if (skipped_) {
        if (capture_) {
            capture_->push_back(same(data));
        } else if (rules_.watchful && ends_noscript(data)) {
            stop("iframe");
        }
        return;
    }
    const Bytes bytes(data, "data must be a str");
    const Py_ssize_t length = stripped_length(data, bytes);
    if (length < 0) {
        if (has_pieces_ || open_pre_ >= 0) {
            piece(bytes.data(), bytes.size());
            after_link_ = false;
        }
        return;
    }
    if (owner_ >= 0 && in_hidden_ != (open_hidden_ >= 0)) boundary();
    if (owner_ < 0) {
        if (blocks() >= rules_.max_blocks) stop("max_blocks");
        owner_ = containers_.empty() ? current_ : containers_.back();
        if (owner_ < 0) fail(PyExc_ValueError, "text stands outside of every element");
        in_pre_ = open_pre_ >= 0;
        in_hidden_ = open_hidden_ >= 0;
        in_noscript_ = open_noscript_ >= 0;
    }
    piece(bytes.data(), bytes.size());
    after_break_ = after_link_ = false;
    cell_length_ += length;
    if (open_link_ >= 0) link_chars_ += length;
    if (open_emphasis_ >= 0) emphasis_chars_ += length;
}

// -- parts of a start -----------------------------------------------------------------------------------

// Whether the page may have one more element, and time is left.
void Pass::check(Index index) {
    if (index >= rules_.max_nodes) stop("max_nodes");
    stop_at_ = rules_.max_nodes;
    if (!clock_.get()) return;
    const Ref now(PyObject_CallNoArgs(clock_.get()));
    const int late = PyObject_RichCompareBool(now.get(), deadline_.get(), Py_GE);
    if (late < 0) throw PythonError();
    if (late) stop("seconds");
    if (rules_.max_nodes - index > CLOCK_STEP) stop_at_ = index + CLOCK_STEP;
}

// The tag's place in `tags_`; the parser makes a new string for each element, all of one tag share the first.
Index Pass::tag_number(PyObject *tag) {
    const Bytes name(tag, "tag must be a str");
    if (!name.size() || name.size() > sizeof(std::uint64_t)) return number_of(tag, name);
    std::uint64_t letters = 0;
    std::memcpy(&letters, name.data(), name.size());
    Recent &recent = recent_[letters * HASH_FACTOR >> 58];
    if (recent.letters != letters || recent.size != name.size()) {
        recent.number = number_of(tag, name);
        recent.letters = letters;
        recent.size = name.size();
    }
    return recent.number;
}

Index Pass::number_of(PyObject *tag, const Bytes &name) {
    if (PyObject *known = PyDict_GetItemWithError(numbers_of_tags_.get(), tag)) return static_cast<Index>(PyLong_AsLong(known));
    if (PyErr_Occurred()) throw PythonError();
    unsigned kind = 0;
    if (PyObject *bits = PyDict_GetItemWithError(kinds_.get(), tag)) {
        const unsigned long value = PyLong_AsUnsignedLong(bits);
        if (PyErr_Occurred()) throw PythonError();
        kind = static_cast<unsigned>(value);
    } else {
        if (PyErr_Occurred()) throw PythonError();
        // A custom element is a part of its own.
        if (name.size() && std::memchr(name.data(), '-', name.size())) kind = BLOCK;
    }
    const Index number = static_cast<Index>(tags_.size());
    const Ref boxed(PyLong_FromSsize_t(number));
    tags_.push_back({same(tag), kind});
    if (PyDict_SetItem(numbers_of_tags_.get(), tag, boxed.get()) < 0) throw PythonError();
    return number;
}

void Pass::start_block(unsigned kind, Index index) {
    if (in_pre_) {
        break_once();
    } else {
        boundary();
    }
    containers_.push_back(index);
    if (kind & PRE) {
        if (open_pre_ < 0) open_pre_ = index;
    } else if (kind & NOSCRIPT && open_noscript_ < 0) {
        open_noscript_ = index;
    }
    if (kind & CONTROL) ++controls_;
}

void Pass::start_skipped(unsigned kind, const Attributes &attrs) {
    skipped_ = 1;
    if (kind & TITLE && title_.empty()) {
        capture_ = &title_;
    } else if (kind & SCRIPT && static_cast<Py_ssize_t>(scripts_.size()) < rules_.max_scripts) {
        Ref type = same(empty_.get());
        for (Py_ssize_t i = 0; i < attrs.size(); ++i) {
            if (!attrs[i].name().is("type")) continue;
            PyObject *value = attrs[i].value();
            type = value ? Ref(PyObject_CallMethod(value, "lower", nullptr)) : same(empty_.get());
        }
        scripts_.push_back({std::move(type), {}});
        capture_ = &scripts_.back().pieces;  // no script starts while it is in use
    }
}

void Pass::start_inline(unsigned kind, Index index, const Attributes &attrs) {
    if (kind & LINK) {
        for (Py_ssize_t i = 0; i < attrs.size(); ++i) {
            if (!attrs[i].name().is("href")) continue;
            start_link(index);
            break;
        }
    } else if (kind & CELL) {
        start_cell(index);
    } else if (kind & LINE_BREAK) {
        line_break();
    } else if (kind & EMPHASIS) {
        if (open_emphasis_ < 0) open_emphasis_ = index;
    } else if (kind & OPTION) {
        piece(BREAK, sizeof BREAK);
    } else if (kind & IMAGE) {
        ++images_;
    } else if (kind & CONTROL) {
        ++controls_;
    } else if (kind & META) {
        read_meta(attrs);
    }
}

void Pass::start_link(Index index) {
    if (after_link_ && has_pieces_) piece(" ", 1);
    ++links_;
    if (open_link_ < 0) open_link_ = index;
}

void Pass::start_cell(Index index) {
    if (owner_ >= 0) {
        if (cell_length_ > rules_.max_cell_chars && !in_pre_) {
            boundary();
        } else {
            piece(CELL_END, sizeof CELL_END);
            ++cells_;
        }
    }
    cell_length_ = 0;
    containers_.push_back(index);
}

void Pass::line_break() {
    if (owner_ < 0) return;
    if (after_break_ && !in_pre_) {
        boundary();
    } else {
        piece(BREAK, sizeof BREAK);
        after_break_ = true;
    }
}

void Pass::read_meta(const Attributes &attrs) {
    bool is_title = false;
    PyObject *content = nullptr;
    for (Py_ssize_t i = 0; i < attrs.size(); ++i) {
        const Attribute one = attrs[i];
        const Bytes name = one.name();
        if (name.is("property")) {
            PyObject *value = one.value();
            is_title = value && Bytes(value).is("og:title");
        } else if (name.is("content")) {
            content = one.value();
        }
    }
    if (is_title) social_title_ = same(content ? content : empty_.get());
}

Ref Pass::identity(Index index, const Attributes &attrs) {
    PyObject *first = nullptr;  // the only name so far
    std::string joined;         // all names, from the second on
    bool hidden = false, streamed = false;
    const auto add = [&](PyObject *name) {
        const Bytes bytes(name);
        if (!bytes.size()) return;
        streamed = streamed || bytes.starts_with("S:", 2);
        if (!first) {
            first = name;
            return;
        }
        if (joined.empty()) {
            const Bytes before(first);
            joined.assign(before.data(), before.size());
        }
        joined.push_back(' ');
        joined.append(bytes.data(), bytes.size());
    };
    for (Py_ssize_t i = 0; i < attrs.size(); ++i) {
        const Attribute one = attrs[i];
        switch (name_of(one.name())) {
            case Name::identity:
                if (PyObject *value = one.value()) add(value);
                break;
            case Name::aria_hidden:
                add(one.name_object());
                break;
            case Name::hidden:
                hidden = true;
                break;
            case Name::style:
                if (open_hidden_ < 0) {
                    PyObject *value = one.value();
                    hidden = hidden || (value && hides(Bytes(value)));
                }
                break;
            case Name::other:
                break;
        }
    }
    if (hidden && open_hidden_ < 0 && !streamed) open_hidden_ = index;
    if (!first) return same(empty_.get());
    if (joined.empty()) return interned(first);
    const Ref all = str_of(joined.data(), joined.size());
    return interned(all.get());
}

// The first string that was equal to this one: pages repeat their classes, and one object does for all.
Ref Pass::interned(PyObject *name) {
    const Bytes bytes(name);
    std::uint64_t head = 0, tail = 0;
    const std::size_t part = std::min(bytes.size(), sizeof head);
    std::memcpy(&head, bytes.data(), part);
    std::memcpy(&tail, bytes.data() + bytes.size() - part, part);
    RecentName &recent = recent_names_[((head ^ tail >> 7) + bytes.size()) * HASH_FACTOR >> 56];
    if (recent.size != bytes.size() || std::memcmp(recent.data, bytes.data(), bytes.size()) != 0) {
        PyObject *first = looked_up(name);
        const Bytes known(first);
        if (!known.are_its_own()) return same(first);
        recent = {first, known.data(), known.size()};
    }
    return same(recent.name);
}

PyObject *Pass::looked_up(PyObject *name) {
    if (PyObject *known = PyDict_GetItemWithError(names_.get(), name)) return known;
    if (PyErr_Occurred()) throw PythonError();
    if (PyDict_SetItem(names_.get(), name, name) < 0) throw PythonError();
    return name;
}

// -- ends of blocks ---------------------------------------------------------------------------------------

void Pass::boundary() {
    after_link_ = false;
    if (owner_ < 0) {
        text_.clear();
        has_pieces_ = after_break_sign_ = false;
        links_ = 0;
        return;
    }
    const Part text = make_block_text(text_, in_pre_);
    if (text.size) append(str_of(text.data, text.size));
    reset();
}

void Pass::append(Ref text) {
    Index owner = owner_;
    if (cells_ > 1 && tag_of(element(owner)).kind & CELL && element(owner).parent >= 0) {
        owner = element(owner).parent;
    }
    blocks_.push_back({std::move(text), element(owner).tag, owner, link_chars_, links_, emphasis_chars_,
                       images_, controls_, in_hidden_, in_noscript_});
    element(owner_).end_block = blocks();
    images_ = controls_ = 0;
}

// -- the columns -------------------------------------------------------------------------------------------

// A list with what `make` gives for each row, in the place of that number of the tuple `columns`.
template <typename Row, typename Make>
void add_column(PyObject *columns, Py_ssize_t number, const std::vector<Row> &rows, Make make) {
    Ref column(PyList_New(static_cast<Py_ssize_t>(rows.size())));
    Py_ssize_t index = 0;
    for (const Row &row : rows) {
        if (PyList_SetItem(column.get(), index++, make(row).release()) < 0) throw PythonError();
    }
    if (PyTuple_SetItem(columns, number, column.release()) < 0) throw PythonError();
}

// Whole numbers as the bytes of four each, in the place of that number of the tuple `columns`.
template <typename Row, typename Value>
void add_integers(PyObject *columns, Py_ssize_t number, const std::vector<Row> &rows, Value value) {
    std::vector<std::int32_t> values;
    values.reserve(rows.size());
    for (const Row &row : rows) values.push_back(static_cast<std::int32_t>(value(row)));
    if (PyTuple_SetItem(columns, number, kernel::bytes(values).release()) < 0) throw PythonError();
}

Ref list_of(const std::vector<Ref> &items) {
    Ref holder(PyTuple_New(1));
    add_column(holder.get(), 0, items, [](const Ref &item) { return same(item.get()); });
    return same(PyTuple_GetItem(holder.get(), 0));
}

PyObject *Pass::finish() {
    boundary();
    for (Index index = current_; index >= 0; index = element(index).parent) element(index).end_block = blocks();
    const auto tag = [&](Py_ssize_t at) { return same(tags_[static_cast<std::size_t>(at)].name.get()); };
    const Ref blocks(PyTuple_New(10)), elements(PyTuple_New(6));
    PyObject *const b = blocks.get(), *const e = elements.get();
    add_column(b, 0, blocks_, [](const Block &one) { return same(one.text.get()); });
    add_column(b, 1, blocks_, [&](const Block &one) { return tag(one.tag); });
    add_integers(b, 2, blocks_, [](const Block &one) { return one.element; });
    add_integers(b, 3, blocks_, [](const Block &one) { return one.link_chars; });
    add_integers(b, 4, blocks_, [](const Block &one) { return one.links; });
    add_integers(b, 5, blocks_, [](const Block &one) { return one.emphasis_chars; });
    add_integers(b, 6, blocks_, [](const Block &one) { return one.images; });
    add_integers(b, 7, blocks_, [](const Block &one) { return one.controls; });
    add_integers(b, 8, blocks_, [](const Block &one) { return one.hidden ? 1 : 0; });
    add_integers(b, 9, blocks_, [](const Block &one) { return one.noscript ? 1 : 0; });
    add_column(e, 0, elements_, [&](const Element &one) { return tag(one.tag); });
    add_integers(e, 1, elements_, [](const Element &one) { return one.parent; });
    add_integers(e, 2, elements_, [](const Element &one) { return one.child; });
    // An element whose start failed, as only wrong arguments make it, has none.
    add_column(e, 3, elements_, [&](const Element &one) {
        return same(one.identity.get() ? one.identity.get() : empty_.get());
    });
    add_integers(e, 4, elements_, [](const Element &one) { return one.first_block; });
    add_integers(e, 5, elements_, [](const Element &one) { return one.end_block; });
    const Ref scripts(PyTuple_New(1));
    add_column(scripts.get(), 0, scripts_, [](const Script &one) {
        const Ref pieces = list_of(one.pieces);
        return Ref(PyTuple_Pack(2, one.type.get(), pieces.get()));
    });
    const Ref title = list_of(title_);
    return PyTuple_Pack(5, b, e, PyTuple_GetItem(scripts.get(), 0), title.get(), social_title_.get());
}

// -- the type -----------------------------------------------------------------------------------------------

struct Handler {
    PyObject_HEAD
    Pass *pass;
    bool busy;
};

// The pass of a handler while one of its methods runs. No method runs inside of another: that could only
// be code that the clock or a finalizer calls.
class Turn {
  public:
    explicit Turn(PyObject *self) : handler_(reinterpret_cast<Handler *>(self)) {
        if (handler_->busy) fail(PyExc_RuntimeError, "the handler is called from within one of its calls");
        handler_->busy = true;
    }
    ~Turn() { handler_->busy = false; }
    Turn(const Turn &) = delete;
    Turn &operator=(const Turn &) = delete;
    Pass *pass() const { return handler_->pass; }

  private:
    Handler *handler_;
};

template <void (Pass::*event)(PyObject *)>
PyObject *one_argument(PyObject *self, PyObject *argument) {
    return guarded([&] {
        const Turn turn(self);
        (turn.pass()->*event)(argument);
        Py_RETURN_NONE;
    });
}

PyObject *start_element(PyObject *self, PyObject *const *arguments, Py_ssize_t count) {
    return guarded([&] {
        if (count != 2) fail(PyExc_TypeError, "start_element() takes a tag and its attributes");
        Turn(self).pass()->start(arguments[0], arguments[1]);
        Py_RETURN_NONE;
    });
}

// Comments, the doctype and processing instructions: the parser calls these as well.
PyObject *ignore(PyObject *, PyObject *const *, Py_ssize_t) { Py_RETURN_NONE; }

PyObject *finish(PyObject *self, PyObject *) {
    return guarded([&] { return Turn(self).pass()->finish(); });
}

PyObject *make(PyTypeObject *type, PyObject *arguments, PyObject *names) {
    return guarded([&]() -> PyObject * {
        if (names && PyDict_Size(names)) fail(PyExc_TypeError, "Handler() takes no keyword arguments");
        PyObject *kinds, *deadline, *stop;
        Rules rules;
        if (!PyArg_ParseTuple(arguments, "O!nnnnnOOp", &PyDict_Type, &kinds, &rules.max_cell_chars,
                              &rules.max_scripts, &rules.max_nodes, &rules.max_depth, &rules.max_blocks,
                              &deadline, &stop, &rules.watchful)) {
            throw PythonError();
        }
        rules.max_nodes = std::min(rules.max_nodes, MAX_COUNT);
        rules.max_blocks = std::min(rules.max_blocks, MAX_COUNT);
        if (!PyExceptionClass_Check(stop)) fail(PyExc_TypeError, "stop must be an exception class");
        Ref clock;
        if (deadline != Py_None) {
            if (!PyFloat_CheckExact(deadline)) fail(PyExc_TypeError, "deadline must be a float or None");
            const Ref time(PyImport_ImportModule("time"));
            clock = Ref(PyObject_GetAttrString(time.get(), "monotonic"));
        }
        const auto allocate = reinterpret_cast<allocfunc>(PyType_GetSlot(type, Py_tp_alloc));
        Ref self(allocate(type, 0));
        reinterpret_cast<Handler *>(self.get())->pass =
            new Pass(kinds, rules, same(deadline), std::move(clock), stop);
        return self.release();
    });
}

// Nothing that it holds can lead back to it, so it needs no part in garbage collection.
void destroy(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    delete reinterpret_cast<Handler *>(self)->pass;
    reinterpret_cast<freefunc>(PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

template <typename Function>
PyCFunction method(Function function) {
    return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}

PyMethodDef methods[] = {
    {"start_element", method(start_element), METH_FASTCALL, nullptr},
    {"end_element", one_argument<&Pass::end>, METH_O, nullptr},
    {"characters", one_argument<&Pass::characters>, METH_O, nullptr},
    {"comment", method(ignore), METH_FASTCALL, nullptr},
    {"doctype", method(ignore), METH_FASTCALL, nullptr},
    {"processing_instruction", method(ignore), METH_FASTCALL, nullptr},
    {"finish", finish, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyType_Slot slots[] = {
    {Py_tp_new, reinterpret_cast<void *>(make)},
    {Py_tp_dealloc, reinterpret_cast<void *>(destroy)},
    {Py_tp_methods, methods},
    {0, nullptr},
};

PyType_Spec spec = {"classifier._native.Handler", sizeof(Handler), 0,
                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE, slots};

}  // namespace

namespace kernel {

int add_handler(PyObject *module) {
    PyObject *type = PyType_FromModuleAndSpec(module, &spec, nullptr);
    if (!type) return -1;
    const int added = PyModule_AddType(module, reinterpret_cast<PyTypeObject *>(type));
    Py_DECREF(type);
    return added;
}

}  // namespace kernel
