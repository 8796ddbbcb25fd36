// The features of a page: what classifier/features computes with NumPy, computed block by block.
//
// Names, formulas and constants are those of the Python modules, where each is explained; the hashes are
// equal to the last bit, sums and logarithms but for rounding.

#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

namespace features {

using Ints = std::vector<int32_t>;
using Hashes = std::vector<uint64_t>;
using Doubles = std::vector<double>;
using Floats = std::vector<float>;

enum Char : uint8_t {
    SPACE, LOWER, UPPER, LETTER, UNSPACED, DIGIT, MARK, STOP, COMMA, PUNCT, SYMBOL, CURRENCY, SEPARATOR,
    N_CLASSES
};

const int PREFIX_CHARS = 24;
const int LONG_WORDS = 20;
const int SHORT_WORDS = 14;
const int TOPIC_LETTERS = 5;
const int LEVELS = 7;
const int WEIGHT_LEVELS = 4;
const int NAME_LEVELS = 5;
// Columns before the wording, without those of INSIDE and of plain text; columns of the wording.
const int TEXT_COLUMNS = 22 + 9 + 11 + 7 + 22 + 11;
const int HTML_COLUMNS = TEXT_COLUMNS + 10 + 76;
const int TEXT_WORDING = 20;
const int TREE_WORDING = 13;
enum TableBits { WORD_BITS = 17, PAIR_BITS = 17, PHRASE_BITS = 16, NAME_BITS = 16, TAG_BITS = 12 };

// -- small parts --------------------------------------------------------------------------------

// Class of a code point; `table` holds those of the basic plane.
inline uint8_t class_of(uint32_t point, const uint8_t *table) {
    if (point < 0x10000) return table[point];
    return point >= 0x20000 ? UNSPACED : SYMBOL;
}

// A letter, a digit or a mark.
inline bool is_wordy(uint8_t kind) { return kind >= LOWER && kind <= MARK; }

// The polynomial hash of classifier/features/hashing.py, code point by code point.
class Hasher {
  public:
    void add(uint32_t point) {
        sum_ += (static_cast<uint64_t>(point) + 1) * power_;
        power_ *= 0x9E3779B97F4A7C15u;
    }
    uint64_t finish() const {
        uint64_t value = (sum_ ^ (sum_ >> 32)) * 0xFF51AFD7ED558CCDu;
        return value ^ (value >> 32);
    }

  private:
    uint64_t sum_ = 0;
    uint64_t power_ = 1;
};

inline int32_t bucket(uint64_t hash, int bits) { return static_cast<int32_t>(hash >> (64 - bits)); }

// Numbers hashes from 0 in the order in which they appear. The place of a hash is drawn anew in each
// process, so that no page can be made to fill the same places.
class Numbering {
  public:
    Numbering();
    int32_t of(uint64_t hash);
    int32_t size() const { return size_; }

  private:
    void resize(int bits);
    size_t place_of(uint64_t hash) const;

    Hashes keys_;
    Ints ids_;
    int bits_ = 0;
    int32_t size_ = 0;
};

// log(1 + k) of a count; those of small ones are looked up.
float log1p_of(int64_t k);
// log(k) of a count of 1 or more.
inline float log_of(int64_t k) { return log1p_of(k - 1); }
inline float log1p_of(double x) { return static_cast<float>(std::log1p(x)); }

// `part / whole` in single precision, 0 where `whole` is 0.
template <class A, class B> float ratio(A part, B whole) {
    return whole > 0 ? static_cast<float>(part) / static_cast<float>(whole) : 0.0f;
}

// Sums over windows of blocks.
class Running {
  public:
    explicit Running(size_t n) : sums_(1, 0.0) { sums_.reserve(n + 1); }
    void add(double value) { sums_.push_back(sums_.back() + value); }
    double total() const { return sums_.back(); }
    // Over blocks `first` up to `end`, the latter not included.
    double over(int32_t first, int32_t end) const { return sums_[end] - sums_[first]; }
    float window(int64_t at, int64_t before, int64_t after) const;

  private:
    Doubles sums_;
};

// -- a page -------------------------------------------------------------------------------------

// classifier/features/arrays.py: `Arrays`.
struct Arrays {
    int32_t n = 0;
    Ints counts;  // (n, N_CLASSES)
    Ints chars, words, lines, cells, capital_words, phrase_chars, longest_word;
    std::vector<uint8_t> first, last;
    std::vector<uint32_t> last_point;
    std::vector<bool> ellipsis;
    Hashes token_hash, phrase_hash, prefix_hash;
    Ints token_block, token_chars;
    Ints token_word;  // words numbered from 0, the same word the same number
    int32_t vocabulary = 0;

    int32_t count(int32_t block, Char kind) const { return counts[size_t(block) * N_CLASSES + kind]; }
    bool is_long(int32_t block) const { return words[block] >= LONG_WORDS; }
};

// `points` are the texts with a line feed between two, `low` the same in lower case.
Arrays measure(const uint32_t *points, const uint32_t *low, const Ints &lengths, const uint8_t *table);
// Distinct hashes of the words of one text in lower case.
Hashes distinct_words(const uint32_t *low, size_t size, const uint8_t *table);
// Hash of every word between `begin` and `end`, with its first place and the place after its last.
template <class Take> void each_word(const uint8_t *kinds, size_t size, Take take) {
    size_t i = 0;
    while (i < size) {
        if (!is_wordy(kinds[i])) {
            ++i;
            continue;
        }
        size_t start = i++;
        // In scripts without spaces each character is a word of its own, with the marks on it.
        if (kinds[start] != UNSPACED || (i < size && kinds[i] == MARK))
            while (i < size && is_wordy(kinds[i]) && kinds[i] != UNSPACED) ++i;
        take(start, i);
    }
}

// What the markup says of blocks and elements: the columns of `Segments` and of `Elements`.
struct Markup {
    Ints code;  // of the blocks' tags, as in structure.py: TAG_CODES
    Ints element, link_chars, links, emphasis_chars, images, controls, hidden, source;
    Ints tag, parent, identity, first, end;  // of the elements; tag and identity are numbers
    Ints tag_code, tag_entry;  // of each distinct tag: its code, and its entry in INSIDE or -1
    Hashes tag_hash;
    int32_t entries = 0, main_entry = 0, article_entry = 0;
    int32_t p_code = 0, li_code = 0, td_code = 0, th_code = 0;
};

// classifier/features/tree.py: `Tree`.
struct Tree {
    Ints depth, owner, alike;
    Hashes path;
    Ints level;  // (LEVELS, n)
    Running words, chars, linked;
    Tree(const Arrays &page, const Markup &markup, const Floats &density);
};

// Writes the columns of one family after the other; `column` is the place of the next.
struct Matrix {
    int32_t n, columns;
    float *values;
    int32_t column = 0;
    float *row(int32_t block) const { return values + size_t(block) * columns + column; }
};

Floats link_density(const Arrays &page, const Markup &markup);
void shape(const Arrays &page, Matrix &out);
void links(const Arrays &page, const Markup &markup, const Floats &density, Matrix &out);
void position(const Arrays &page, Matrix &out);
// Returns the number of distinct texts.
int32_t repetition(const Arrays &page, const Hashes &title, Matrix &out);
void topic(const Arrays &page, Matrix &out);
void neighbours(const Arrays &page, Matrix &out);
void context(const Arrays &page, int32_t distinct_texts, Matrix &out);
void structure(const Arrays &page, const Markup &markup, const Tree &tree, Matrix &out);

// -- wording ------------------------------------------------------------------------------------

// classifier/features/lexical.py: `Evidence`, but for the columns that `Markup` has.
struct Evidence {
    Ints word, word_block, pair, pair_block, phrase, tag, name, name_index;
};

void collect(const Arrays &page, Evidence &out);
void collect_tags(const Markup &markup, const Tree &tree, Evidence &out);
// The tokens of one name, which is `index` among the distinct ones.
void collect_name(const uint32_t *name, size_t length, int32_t index, const uint8_t *table, Evidence &out);

// What a page looks up; pointers into arrays of the caller.
struct LookUp {
    int32_t n = 0, m = 0, names = 0;  // blocks, elements, distinct identities
    const int64_t *words = nullptr;
    const int32_t *word, *word_block, *pair, *pair_block, *phrase;
    const int32_t *tag, *name, *name_index, *identity, *parent, *owner;
    size_t n_words = 0, n_pairs = 0, n_names = 0;
};

// classifier/features/lexical.py: `Lexicon`.
struct Lexicon {
    const float *word, *pair, *phrase, *name, *tag;
    const float *word_weight, *pair_weight, *phrase_weight, *tag_weight, *name_weight;
};

void text_columns(const LookUp &page, const Lexicon &lexicon, Matrix &out);
void tree_columns(const LookUp &page, const Lexicon &lexicon, Matrix &out);

}  // namespace features
