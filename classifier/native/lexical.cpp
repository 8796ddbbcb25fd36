// classifier/features/lexical.py: rows of the lexicon's tables, and the columns that they give.

#include "features.hpp"

#include <algorithm>

namespace features {

void collect(const Arrays &page, Evidence &out) {
    const size_t tokens = page.token_hash.size();
    for (size_t token = 0; token < tokens; ++token) {
        out.word.push_back(bucket(page.token_hash[token], WORD_BITS));
        if (token && page.token_block[token] == page.token_block[token - 1]) {
            const uint64_t both = page.token_hash[token - 1] * 31 + page.token_hash[token];
            out.pair.push_back(bucket(both * 0x9E3779B97F4A7C15u, PAIR_BITS));
            out.pair_block.push_back(page.token_block[token]);
        }
    }
    for (uint64_t hash : page.phrase_hash) out.phrase.push_back(bucket(hash, PHRASE_BITS));
}

void collect_tags(const Markup &markup, const Tree &tree, Evidence &out) {
    for (int32_t owner : tree.owner) {
        const int32_t up = markup.parent[owner], over = markup.parent[up];
        const uint64_t mixed = markup.tag_hash[markup.tag[owner]] * 961 + markup.tag_hash[markup.tag[up]] * 31 +
                               markup.tag_hash[markup.tag[over]];
        out.tag.push_back(bucket(mixed * 0x9E3779B97F4A7C15u, TAG_BITS));
    }
}

namespace {

// The hash of a name, ASCII capitals as small letters.
uint64_t name_hash(const uint32_t *points, const uint8_t *kinds, size_t start, size_t end) {
    Hasher hash;
    for (size_t i = start; i < end; ++i)
        hash.add(kinds[i] == UPPER && points[i] < 128 ? points[i] + 32 : points[i]);
    return hash.finish();
}

}  // namespace

void collect_name(const uint32_t *name, size_t length, int32_t index, const uint8_t *table, Evidence &out) {
    std::vector<uint8_t> kinds(length);
    for (size_t i = 0; i < length; ++i) kinds[i] = class_of(name[i], table);
    const auto is_letter = [&](size_t i) { return kinds[i] >= LOWER && kinds[i] <= UNSPACED; };
    const auto row = [&](size_t start, size_t end) {
        return bucket(name_hash(name, kinds.data(), start, end), NAME_BITS);
    };
    Ints compounds;
    for (size_t start = 0; start < length;) {
        if (kinds[start] == SPACE) {
            ++start;
            continue;
        }
        size_t end = start;
        bool is_one_run = false;
        while (end < length && kinds[end] != SPACE) {
            const size_t first = end++;
            if (!is_letter(first)) continue;
            while (end < length && is_letter(end) && !(kinds[end] == UPPER && kinds[end - 1] == LOWER)) ++end;
            out.name.push_back(row(first, end));
            is_one_run = first == start && (end == length || kinds[end] == SPACE);
        }
        // A name that is one run of letters counts once.
        if (!is_one_run) compounds.push_back(row(start, end));
        start = end;
    }
    out.name.insert(out.name.end(), compounds.begin(), compounds.end());
    out.name_index.resize(out.name.size(), index);
}

namespace {

const float MAX_WEIGHT = 20.0f;
const double NAME_SCALE = 0.5;

float clipped(double value, double limit) {
    return static_cast<float>(std::max(-limit, std::min(limit, value)));
}

// Mean, lowest (at most 0), highest (at least 0) and sum of log-odds, group by group.
struct Odds {
    Floats low, high;
    Doubles total;
    Ints count;

    Odds(const float *table, const int32_t *rows, const int32_t *groups, size_t size, size_t n)
        : low(n, 0.0f), high(n, 0.0f), total(n, 0.0), count(n, 0) {
        for (size_t i = 0; i < size; ++i) {
            const float value = table[rows[i]];
            const int32_t group = groups[i];
            low[group] = std::min(low[group], value);
            high[group] = std::max(high[group], value);
            total[group] += value;
            ++count[group];
        }
    }
    float mean(size_t group) const { return ratio(total[group], count[group]); }
};

// Lowest of the `window` values before each place, and 0; by doubling, so a few steps whatever it is.
Floats lowest_before(const Floats &values, size_t window) {
    const size_t n = values.size();
    Floats lowest(n, 0.0f);
    for (size_t i = 1; i < n; ++i) lowest[i] = std::min(values[i - 1], 0.0f);
    for (size_t have = 1; have < window;) {
        const size_t step = std::min(have, window - have);
        for (size_t i = n; i-- > step;) lowest[i] = std::min(lowest[i], lowest[i - step]);
        have += step;
    }
    return lowest;
}

float value_at(const Floats &values, int64_t at) {
    return at >= 0 && at < static_cast<int64_t>(values.size()) ? values[at] : 0.0f;
}

Floats linear_words(const LookUp &page, const Lexicon &lexicon) {
    Doubles words(page.n, 0.0), pairs(page.n, 0.0);
    for (size_t i = 0; i < page.n_words; ++i) words[page.word_block[i]] += lexicon.word_weight[page.word[i]];
    for (size_t i = 0; i < page.n_pairs; ++i) pairs[page.pair_block[i]] += lexicon.pair_weight[page.pair[i]];
    Floats linear(page.n);
    for (int32_t i = 0; i < page.n; ++i) {
        const float scale = static_cast<float>(1 / std::sqrt(double(std::max<int64_t>(page.words[i], 1))));
        linear[i] = clipped((words[i] + pairs[i]) * scale + lexicon.phrase_weight[page.phrase[i]], MAX_WEIGHT);
    }
    return linear;
}

}  // namespace

void text_columns(const LookUp &page, const Lexicon &lexicon, Matrix &out) {
    const int32_t n = page.n;
    const Odds words(lexicon.word, page.word, page.word_block, page.n_words, n);
    const Odds pairs(lexicon.pair, page.pair, page.pair_block, page.n_pairs, n);
    const Floats linear = linear_words(page, lexicon);
    Floats mean(n), cue(n), negative(n), phrase(n), first(n, 0.0f);
    for (int32_t i = 0; i < n; ++i) {
        mean[i] = words.mean(i);
        cue[i] = page.words[i] <= SHORT_WORDS ? mean[i] : 0.0f;
        negative[i] = -cue[i];
        phrase[i] = lexicon.phrase[page.phrase[i]];
    }
    const Floats before[] = {lowest_before(cue, 5), lowest_before(cue, 15), lowest_before(cue, 40)};
    const Floats high = lowest_before(negative, 15), phrases = lowest_before(phrase, 5),
                 lowest_linear = lowest_before(linear, 5);
    for (size_t i = page.n_words; i-- > 0;) first[page.word_block[i]] = lexicon.word[page.word[i]];
    for (int32_t i = 0; i < n; ++i) {
        float *to = out.row(i);
        *to++ = mean[i];
        *to++ = words.low[i];
        *to++ = words.high[i];
        *to++ = clipped(words.total[i], 20);
        *to++ = first[i];
        *to++ = pairs.mean(i);
        *to++ = pairs.low[i];
        *to++ = phrase[i];
        for (const Floats &lowest : before) *to++ = lowest[i];
        float after = 0;
        for (int32_t k = i + 1; k <= std::min(n - 1, i + 5); ++k) after = std::min(after, cue[k]);
        *to++ = after;
        *to++ = -high[i];
        *to++ = value_at(mean, i - 1);
        *to++ = value_at(mean, i + 1);
        *to++ = phrases[i];
        *to++ = linear[i];
        *to++ = value_at(linear, i - 1);
        *to++ = value_at(linear, i + 1);
        *to++ = lowest_linear[i];
    }
    out.column += 20;
}

void tree_columns(const LookUp &page, const Lexicon &lexicon, Matrix &out) {
    const int32_t n = page.n, m = page.m, names = page.names;
    const Odds odds(lexicon.name, page.name, page.name_index, page.n_names, names);
    // For each name its log-odds, and its weights at each level and at any.
    Floats own(names);
    Doubles weight(size_t(WEIGHT_LEVELS + 1) * names, 0.0);
    for (int32_t i = 0; i < names; ++i) {
        const float strongest = -odds.low[i] > odds.high[i] ? odds.low[i] : odds.high[i];
        own[i] = 0.7f * strongest + 0.3f * clipped(odds.total[i], 6);
    }
    for (size_t i = 0; i < page.n_names; ++i)
        for (int level = 0; level <= WEIGHT_LEVELS; ++level)
            weight[size_t(level) * names + page.name_index[i]] +=
                lexicon.name_weight[(size_t(level) << NAME_BITS) + page.name[i]];
    // From the root to each element: parents stand before their children.
    Floats total(m), low(m), high(m), anywhere(m);
    float top = 0;
    for (int32_t i = 0; i < m; ++i) {
        const int32_t up = page.parent[i];
        const float value = own[page.identity[i]];
        const float any = static_cast<float>(weight[size_t(WEIGHT_LEVELS) * names + page.identity[i]]);
        total[i] = i ? total[up] + value : value;
        low[i] = i ? std::min(low[up], value) : value;
        high[i] = i ? std::max(high[up], value) : value;
        anywhere[i] = i ? anywhere[up] + any : any;
        if (!up) top += value;
    }
    Floats linear(n);
    for (int32_t i = 0; i < n; ++i) {
        double score = anywhere[page.owner[i]];
        int32_t at = page.owner[i];
        for (int level = 0; level < WEIGHT_LEVELS; ++level) {
            score += weight[size_t(level) * names + page.identity[at]];
            if (!at) break;
            at = page.parent[at];
        }
        linear[i] = clipped(score * NAME_SCALE + lexicon.tag_weight[page.tag[i]], MAX_WEIGHT);
    }
    for (int32_t i = 0; i < n; ++i) {
        float *to = out.row(i);
        int32_t at = page.owner[i];
        *to++ = lexicon.tag[page.tag[i]];
        *to++ = clipped(total[at], 30);
        *to++ = low[at];
        *to++ = high[at];
        for (int k = 0; k < NAME_LEVELS; ++k, at = page.parent[at]) *to++ = own[page.identity[at]];
        *to++ = top;
        *to++ = linear[i];
        *to++ = value_at(linear, i - 1);
        *to++ = value_at(linear, i + 1);
    }
    out.column += 13;
}

}  // namespace features
