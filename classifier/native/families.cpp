// The families of features that need no element tree; each as the Python module of its name.

#include "features.hpp"

#include <algorithm>
#include <limits>

namespace features {

namespace {

bool is_colon(uint32_t point) { return point == ':' || point == 0xFF1A; }
bool is_question(uint32_t point) {
    return point == '?' || point == 0xFF1F || point == 0x061F || point == 0x037E;
}

// The value `by` blocks further on, `fill` beyond the page's ends.
template <class Values> float at(const Values &values, int32_t n, int32_t place, float fill) {
    return place >= 0 && place < n ? static_cast<float>(values[place]) : fill;
}

}  // namespace

void shape(const Arrays &page, Matrix &out) {
    for (int32_t i = 0; i < page.n; ++i) {
        const int32_t chars = page.chars[i], words = page.words[i], stops = page.count(i, STOP);
        const int32_t letters = chars - stops - page.count(i, COMMA) - page.count(i, PUNCT);
        float *to = out.row(i);
        *to++ = log1p_of(int64_t(chars));
        *to++ = log1p_of(int64_t(words));
        *to++ = ratio(letters, words);
        *to++ = log1p_of(int64_t(page.longest_word[i]));
        *to++ = log1p_of(int64_t(stops));
        *to++ = stops ? log1p_of(double(words) / (1 + stops)) : log1p_of(int64_t(words));
        *to++ = ratio(page.count(i, COMMA), words);
        *to++ = ratio(page.count(i, PUNCT), chars);
        *to++ = ratio(page.count(i, SEPARATOR), chars);
        *to++ = ratio(page.count(i, SYMBOL), chars);
        *to++ = ratio(page.count(i, DIGIT), chars);
        *to++ = ratio(page.count(i, UPPER), page.count(i, LOWER) + page.count(i, UPPER));
        *to++ = ratio(page.capital_words[i], words);
        *to++ = page.count(i, CURRENCY) > 0;
        *to++ = page.last[i];
        *to++ = page.first[i];
        *to++ = is_colon(page.last_point[i]);
        *to++ = page.ellipsis[i];
        *to++ = is_question(page.last_point[i]);
        *to++ = log1p_of(int64_t(page.lines[i]));
        *to++ = log1p_of(int64_t(page.cells[i]));
        *to++ = ratio(page.count(i, UNSPACED), chars);
    }
    out.column += 22;
}

Floats link_density(const Arrays &page, const Markup &markup) {
    Floats density(page.n);
    for (int32_t i = 0; i < page.n; ++i)
        density[i] = std::min(ratio(markup.link_chars[i], page.chars[i]), 1.0f);
    return density;
}

void links(const Arrays &page, const Markup &markup, const Floats &density, Matrix &out) {
    const int32_t n = page.n;
    Running linked(n), chars(n);
    for (int32_t i = 0; i < n; ++i) {
        linked.add(double(density[i]) * page.chars[i]);
        chars.add(page.chars[i]);
    }
    double since = 0, mark = 0;
    for (int32_t i = 0; i < n; ++i) {
        since += double(page.words[i]) * (1.0f - density[i]);
        if (density[i] > 0.9f) mark = std::max(mark, since);
        float *to = out.row(i);
        *to++ = density[i];
        *to++ = log1p_of(int64_t(markup.links[i]));
        *to++ = markup.links[i] ? log1p_of(double(page.words[i]) / (1 + markup.links[i]))
                                : log1p_of(int64_t(page.words[i]));
        *to++ = std::min(ratio(markup.emphasis_chars[i], page.chars[i]), 1.0f);
        *to++ = at(density, n, i - 1, 0);
        *to++ = at(density, n, i + 1, 0);
        for (int width : {1, 3, 8})
            *to++ = ratio(linked.window(i, width, width), chars.window(i, width, width));
        *to++ = log1p_of(std::max(since - mark, 0.0));
    }
    out.column += 10;
}

void position(const Arrays &page, Matrix &out) {
    const int32_t n = page.n;
    int64_t all_words = 0, all_long = 0;
    for (int32_t i = 0; i < n; ++i) {
        all_words += page.words[i];
        if (page.is_long(i)) all_long += page.words[i];
    }
    Ints following(n);  // the next paragraph, -1 if there is none
    for (int32_t i = n - 1, next = -1; i >= 0; --i) following[i] = next = page.is_long(i) ? i : next;
    int64_t words_before = 0, long_before = 0;
    int32_t last = -1;
    for (int32_t i = 0; i < n; ++i) {
        if (page.is_long(i)) last = i;
        float *to = out.row(i);
        *to++ = log1p_of(int64_t(i));
        *to++ = log1p_of(int64_t(n - 1 - i));
        *to++ = static_cast<float>(double(i) / n);
        *to++ = static_cast<float>(double(words_before) / std::max<int64_t>(1, all_words));
        *to++ = static_cast<float>(double(long_before) / std::max<int64_t>(1, all_long));
        *to++ = log1p_of(int64_t(last < 0 ? n : i - last));
        *to++ = log1p_of(int64_t(following[i] < 0 ? n : following[i] - i));
        *to++ = last < 0;
        *to++ = following[i] < 0;
        words_before += page.words[i];
        if (page.is_long(i)) long_before += page.words[i];
    }
    out.column += 9;
}

namespace {

// Columns `repeats` to `repeat_after`; returns the number of distinct texts.
int32_t repeats(const Arrays &page, Matrix &out) {
    Numbering texts;
    Ints text(page.n), count, first, last;
    for (int32_t i = 0; i < page.n; ++i) {
        const int32_t id = text[i] = texts.of(page.phrase_hash[i]);
        if (id == static_cast<int32_t>(count.size())) {
            count.push_back(0);
            first.push_back(i);
            last.push_back(i);
        }
        ++count[id];
        last[id] = i;
    }
    for (int32_t i = 0; i < page.n; ++i) {
        float *to = out.row(i);
        *to++ = log_of(count[text[i]]);
        *to++ = i > first[text[i]];
        *to++ = i < last[text[i]];
    }
    out.column += 3;
    return texts.size();
}

// Columns `prefix_repeats` to `prefix_of_shorter`.
void prefixes(const Arrays &page, Matrix &out) {
    Numbering beginnings;
    Ints beginning(page.n), count, longest, shortest;
    for (int32_t i = 0; i < page.n; ++i) {
        const int32_t id = beginning[i] = beginnings.of(page.prefix_hash[i]);
        if (id == static_cast<int32_t>(count.size())) {
            count.push_back(0);
            longest.push_back(0);
            shortest.push_back(std::numeric_limits<int32_t>::max());
        }
        count[id] += page.phrase_chars[i] >= PREFIX_CHARS;
        longest[id] = std::max(longest[id], page.phrase_chars[i]);
        shortest[id] = std::min(shortest[id], page.phrase_chars[i]);
    }
    for (int32_t i = 0; i < page.n; ++i) {
        const bool has_prefix = page.phrase_chars[i] >= PREFIX_CHARS;
        float *to = out.row(i);
        *to++ = has_prefix ? log_of(std::max(count[beginning[i]], 1)) : 0;
        *to++ = has_prefix && longest[beginning[i]] > page.phrase_chars[i];
        *to++ = has_prefix && shortest[beginning[i]] < page.phrase_chars[i];
    }
    out.column += 3;
}

// The distinct words of each block, block by block, and how many blocks and paragraphs hold each word.
struct Words {
    Ints word, block, blocks_with, long_with;

    // `chosen(token)` says which tokens count.
    template <class Chosen> Words(const Arrays &page, Chosen chosen)
        : blocks_with(page.vocabulary, 0), long_with(page.vocabulary, 0) {
        Ints seen_in(page.vocabulary, -1);
        for (size_t token = 0; token < page.token_word.size(); ++token) {
            const int32_t id = page.token_word[token], in = page.token_block[token];
            if (seen_in[id] == in || !chosen(token)) continue;
            seen_in[id] = in;
            word.push_back(id);
            block.push_back(in);
            ++blocks_with[id];
            long_with[id] += page.is_long(in);
        }
    }
};

}  // namespace

int32_t repetition(const Arrays &page, const Hashes &title, Matrix &out) {
    const int32_t texts = repeats(page, out);
    prefixes(page, out);
    const Words words(page, [](size_t) { return true; });
    Ints distinct(page.n, 0), in_long(page.n, 0), elsewhere(page.n, 0), hits(page.n, 0);
    for (size_t k = 0; k < words.word.size(); ++k) {
        const int32_t word = words.word[k], block = words.block[k];
        ++distinct[block];
        in_long[block] += words.long_with[word] > page.is_long(block);
        elsewhere[block] += words.blocks_with[word] > 1;
    }
    if (!title.empty())
        for (size_t token = 0; token < page.token_hash.size(); ++token)
            hits[page.token_block[token]] +=
                std::binary_search(title.begin(), title.end(), page.token_hash[token]);
    for (int32_t i = 0; i < page.n; ++i) {
        float *to = out.row(i);
        *to++ = ratio(in_long[i], distinct[i]);
        *to++ = ratio(elsewhere[i], distinct[i]);
        *to++ = ratio(distinct[i], page.words[i]);
        *to++ = ratio(hits[i], page.words[i]);
        *to++ = title.empty() ? 0 : static_cast<float>(std::min(double(hits[i]) / title.size(), 1.0));
    }
    out.column += 5;
    return texts;
}

void topic(const Arrays &page, Matrix &out) {
    const int32_t n = page.n;
    int32_t paragraphs = 0;
    const Words words(page, [&](size_t token) {
        const int32_t in = page.token_block[token];
        return page.token_chars[token] >= TOPIC_LETTERS ||
               page.count(in, UNSPACED) * int64_t(2) > page.chars[in];
    });
    for (int32_t i = 0; i < n; ++i) paragraphs += page.is_long(i);
    Ints total(n, 0), recurring(n, 0);
    Doubles weight(n, 0.0);
    for (size_t k = 0; k < words.word.size(); ++k) {
        const int32_t block = words.block[k];
        const int32_t holders = words.long_with[words.word[k]] - page.is_long(block);
        ++total[block];
        recurring[block] += holders > 0;
        weight[block] += double(holders) / std::max(paragraphs - int(page.is_long(block)), 1);
    }
    Floats share(n), mean(n);
    Running recurring_sum(n), total_sum(n);
    float highest = 0;
    for (int32_t i = 0; i < n; ++i) {
        share[i] = ratio(recurring[i], total[i]);
        mean[i] = ratio(weight[i], total[i]);
        recurring_sum.add(recurring[i]);
        total_sum.add(total[i]);
        if (page.is_long(i)) highest = std::max(highest, mean[i]);
    }
    for (int32_t i = 0; i < n; ++i) {
        float *to = out.row(i);
        *to++ = log1p_of(int64_t(total[i]));
        *to++ = share[i];
        *to++ = at(share, n, i - 1, 0);
        *to++ = at(share, n, i + 1, 0);
        *to++ = ratio(recurring_sum.window(i, 5, 5), total_sum.window(i, 5, 5));
        *to++ = mean[i];
        *to++ = highest > 0 ? mean[i] / highest : mean[i];
    }
    out.column += 7;
}

void neighbours(const Arrays &page, Matrix &out) {
    const int32_t n = page.n;
    Floats words(n);
    Running all(n), capped(n), paragraphs(n);
    for (int32_t i = 0; i < n; ++i) {
        words[i] = log1p_of(int64_t(page.words[i]));
        all.add(page.words[i]);
        capped.add(std::min(page.words[i], 200));
        paragraphs.add(page.is_long(i));
    }
    // Blocks of a window that lie on the page.
    const auto size = [n](int32_t i, int32_t width) {
        return static_cast<float>(std::min(n - 1, i + width) - std::max(0, i - width) + 1);
    };
    Floats dense(n);
    float densest = 1;
    for (int32_t i = 0; i < n; ++i) densest = std::max(densest, dense[i] = capped.window(i, 5, 5) / size(i, 5));
    const auto stops = [&](int32_t i) {
        return i >= 0 && i < n ? static_cast<float>(std::min(page.count(i, STOP), 10)) : -1.0f;
    };
    for (int32_t i = 0; i < n; ++i) {
        float *to = out.row(i);
        for (int offset : {-3, -2, -1, 1, 2, 3}) *to++ = at(words, n, i + offset, -1);
        *to++ = stops(i - 1);
        *to++ = stops(i + 1);
        *to++ = at(page.last, n, i - 1, -1);
        *to++ = at(page.last, n, i + 1, -1);
        for (int width : {2, 5, 12, 30}) *to++ = std::log1p(all.window(i, width, width) / size(i, width));
        for (int width : {2, 5, 12, 30}) *to++ = paragraphs.window(i, width, width) / size(i, width);
        *to++ = log1p_of((double(all.window(i, 10, 0)) - page.words[i]) / 10);
        *to++ = log1p_of((double(all.window(i, 0, 10)) - page.words[i]) / 10);
        int similar = 0;
        for (int offset = -5; offset <= 5; ++offset)
            similar += offset && std::fabs(at(words, n, i + offset, -1) - words[i]) < 0.4f;
        *to++ = static_cast<float>(similar);
        *to++ = dense[i] / densest;
    }
    out.column += 22;
}

void context(const Arrays &page, int32_t distinct_texts, Matrix &out) {
    int64_t words = 0, chars = 0, long_words = 0, medium_words = 0, stops = 0, digits = 0, unspaced = 0;
    int32_t longest = 0, with_currency = 0;
    for (int32_t i = 0; i < page.n; ++i) {
        words += page.words[i];
        chars += page.chars[i];
        if (page.is_long(i)) long_words += page.words[i];
        else if (page.words[i] >= 6) medium_words += page.words[i];
        longest = std::max(longest, page.words[i]);
        stops += page.count(i, STOP);
        digits += page.count(i, DIGIT);
        unspaced += page.count(i, UNSPACED);
        with_currency += page.count(i, CURRENCY) > 0;
    }
    const double n = page.n, total = double(std::max<int64_t>(1, words)), all = double(std::max<int64_t>(1, chars));
    const float row[11] = {
        log_of(page.n),
        log1p_of(total),
        log1p_of(total / n),
        static_cast<float>(long_words / total),
        log1p_of(int64_t(longest)),
        static_cast<float>(medium_words / total),
        static_cast<float>(stops / total),
        static_cast<float>(digits / all),
        static_cast<float>(1 - distinct_texts / n),
        static_cast<float>(with_currency / n),
        static_cast<float>(unspaced / all),
    };
    for (int32_t i = 0; i < page.n; ++i) std::copy(row, row + 11, out.row(i));
    out.column += 11;
}

}  // namespace features
