// classifier/features/arrays.py and hashing.py: the texts of a page, measured.

#include "features.hpp"

#include <algorithm>
#include <random>

namespace features {

namespace {

uint64_t odd_number() {
    std::random_device source;
    return (static_cast<uint64_t>(source()) << 32 | source()) | 1;
}

struct Logs {
    static const int KEPT = 4096;
    float of[KEPT];
    Logs() {
        for (int k = 0; k < KEPT; ++k) of[k] = static_cast<float>(std::log1p(double(k)));
    }
};

// "...", "[...]", and the same with one character for the three.
bool ends_with_ellipsis(const uint32_t *text, size_t size) {
    if (size && text[size - 1] == ']') {
        --size;
        if (size >= 2 && text[size - 1] == 0x2026) return text[size - 2] == '[';
        return size >= 4 && text[size - 1] == '.' && text[size - 2] == '.' && text[size - 3] == '.' &&
               text[size - 4] == '[';
    }
    if (size && text[size - 1] == 0x2026) return true;
    return size >= 3 && text[size - 1] == '.' && text[size - 2] == '.' && text[size - 3] == '.';
}

uint64_t hash_of(const uint32_t *points, size_t start, size_t end) {
    Hasher hash;
    for (size_t i = start; i < end; ++i) hash.add(points[i]);
    return hash.finish();
}

}  // namespace

Numbering::Numbering() { resize(8); }

// As large as the distinct hashes need, at most half full: a long page may have few of them.
void Numbering::resize(int bits) {
    Hashes old_keys(size_t(1) << bits);
    Ints old_ids(size_t(1) << bits, -1);
    old_keys.swap(keys_);
    old_ids.swap(ids_);
    bits_ = bits;
    for (size_t i = 0; i < old_ids.size(); ++i) {
        if (old_ids[i] < 0) continue;
        const size_t place = place_of(old_keys[i]);
        keys_[place] = old_keys[i];
        ids_[place] = old_ids[i];
    }
}

// Where a hash is, or would stand.
size_t Numbering::place_of(uint64_t hash) const {
    static const uint64_t multiplier = odd_number();
    size_t place = static_cast<size_t>((hash * multiplier) >> (64 - bits_));
    while (ids_[place] >= 0 && keys_[place] != hash) place = (place + 1) & (ids_.size() - 1);
    return place;
}

int32_t Numbering::of(uint64_t hash) {
    size_t place = place_of(hash);
    if (ids_[place] >= 0) return ids_[place];
    if (2 * static_cast<size_t>(size_) >= ids_.size()) {
        resize(bits_ + 1);
        place = place_of(hash);
    }
    keys_[place] = hash;
    return ids_[place] = size_++;
}

float log1p_of(int64_t k) {
    static const Logs logs;
    return k >= 0 && k < Logs::KEPT ? logs.of[k] : static_cast<float>(std::log1p(double(k)));
}

float Running::window(int64_t at, int64_t before, int64_t after) const {
    const int64_t n = static_cast<int64_t>(sums_.size()) - 1;
    const int64_t first = std::max<int64_t>(0, at - before);
    const int64_t end = std::min<int64_t>(n, at + after + 1);
    return static_cast<float>(sums_[end] - sums_[first]);
}

Arrays measure(const uint32_t *points, const uint32_t *low, const Ints &lengths, const uint8_t *table) {
    Arrays page;
    const size_t n = lengths.size();
    page.n = static_cast<int32_t>(n);
    page.counts.assign(n * N_CLASSES, 0);
    for (Ints *one : {&page.chars, &page.words, &page.lines, &page.cells, &page.capital_words,
                      &page.phrase_chars, &page.longest_word})
        one->assign(n, 0);
    page.first.resize(n);
    page.last.resize(n);
    page.last_point.resize(n);
    page.ellipsis.resize(n);
    page.phrase_hash.resize(n);
    page.prefix_hash.resize(n);
    std::vector<uint8_t> kinds;
    size_t start = 0;
    for (size_t block = 0; block < n; ++block) {
        const size_t size = static_cast<size_t>(lengths[block]);
        const uint32_t *text = points + start, *lower = low + start;
        int32_t *counts = &page.counts[block * N_CLASSES];
        kinds.resize(size);
        Hasher phrase, prefix;
        int32_t letters = 0;
        for (size_t i = 0; i < size; ++i) {
            const uint8_t kind = kinds[i] = class_of(text[i], table);
            ++counts[kind];
            page.lines[block] += text[i] == '\n';
            page.cells[block] += text[i] == '\t';
            if (is_wordy(kind)) {
                phrase.add(kind == DIGIT ? uint32_t('0') : lower[i]);
                if (++letters == PREFIX_CHARS) prefix = phrase;
            }
        }
        if (letters < PREFIX_CHARS) prefix = phrase;
        page.chars[block] = static_cast<int32_t>(size) - counts[SPACE];
        page.first[block] = kinds[0];
        page.last[block] = kinds[size - 1];
        page.last_point[block] = text[size - 1];
        page.ellipsis[block] = ends_with_ellipsis(text, size);
        page.phrase_hash[block] = phrase.finish();
        page.prefix_hash[block] = prefix.finish();
        page.phrase_chars[block] = letters;
        each_word(kinds.data(), size, [&](size_t from, size_t to) {
            page.token_hash.push_back(hash_of(lower, from, to));
            page.token_block.push_back(static_cast<int32_t>(block));
            page.token_chars.push_back(static_cast<int32_t>(to - from));
            page.longest_word[block] = std::max(page.longest_word[block], page.token_chars.back());
            ++page.words[block];
            page.capital_words[block] += kinds[from] == UPPER;
        });
        start += size + 1;
    }
    Numbering words;
    for (uint64_t hash : page.token_hash) page.token_word.push_back(words.of(hash));
    page.vocabulary = words.size();
    return page;
}

Hashes distinct_words(const uint32_t *low, size_t size, const uint8_t *table) {
    std::vector<uint8_t> kinds(size);
    for (size_t i = 0; i < size; ++i) kinds[i] = class_of(low[i], table);
    Hashes found;
    each_word(kinds.data(), size, [&](size_t from, size_t to) { found.push_back(hash_of(low, from, to)); });
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
}

}  // namespace features
