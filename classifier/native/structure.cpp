// classifier/features/tree.py and structure.py: the element tree around each block.

#include "features.hpp"

#include <algorithm>
#include <limits>

namespace features {

namespace {

const int HEADINGS = 6;

Running running(const Arrays &page, const Floats &density) {
    Running sums(page.n);
    for (int32_t i = 0; i < page.n; ++i) sums.add(double(density[i]) * page.chars[i]);
    return sums;
}

Running running(const Ints &values) {
    Running sums(values.size());
    for (int32_t value : values) sums.add(value);
    return sums;
}

// Any numbers from 0 for equal values: groups of blocks with their sums.
struct Groups {
    Ints of, count;
    Doubles words, chars, linked;

    void add(int32_t group, int32_t block, const Arrays &page, const Tree &tree) {
        if (group >= static_cast<int32_t>(count.size())) {
            count.resize(group + 1, 0);
            for (Doubles *sums : {&words, &chars, &linked}) sums->resize(group + 1, 0.0);
        }
        of.push_back(group);
        ++count[group];
        words[group] += page.words[block];
        chars[group] += page.chars[block];
        linked[group] += tree.linked.over(block, block + 1);
    }
};

// What a subtree holds, worked out when a block first asks for it.
struct Subtree {
    bool known = false;
    float words, share, links, mean, p_share, alike;
};

}  // namespace

Tree::Tree(const Arrays &page, const Markup &markup, const Floats &density)
    : words(running(page.words)), chars(running(page.chars)), linked(running(page, density)) {
    const int32_t m = static_cast<int32_t>(markup.parent.size()), n = page.n;
    const Ints &up = markup.parent;
    depth.assign(m, 0);
    path.assign(m, 0);
    alike.assign(m, 0);
    Ints widest(m), kind(m), kinds;
    Numbering signatures;
    for (int32_t i = 0; i < m; ++i) {
        // The triple of parent, tag and identity, mixed by odd constants: 64 bits tell them apart.
        const uint64_t own = (uint64_t(uint32_t(markup.tag[i])) << 32) + uint64_t(uint32_t(markup.identity[i])) + 1;
        Hasher triple;
        triple.add(static_cast<uint32_t>(up[i]));
        triple.add(static_cast<uint32_t>(markup.tag[i]));
        triple.add(static_cast<uint32_t>(markup.identity[i]));
        kind[i] = signatures.of(triple.finish());
        if (kind[i] == static_cast<int32_t>(kinds.size())) kinds.push_back(0);
        ++kinds[kind[i]];
        if (i) {
            uint64_t hash = own * 0x9E3779B97F4A7C15u;
            hash ^= hash >> 29;
            path[i] = hash + 0xD6E8FEB86659FD93u * path[up[i]];
            depth[i] = depth[up[i]] + 1;
        }
        const bool same = markup.first[up[i]] == markup.first[i] && markup.end[up[i]] == markup.end[i];
        widest[i] = same ? widest[up[i]] : i;
        if (!i) widest[i] = 0;
    }
    for (int32_t i = 0; i < m; ++i) alike[i] = kinds[kind[i]];
    owner.resize(n);
    level.resize(size_t(LEVELS) * n);
    for (int32_t i = 0; i < n; ++i) {
        owner[i] = std::max(markup.element[i], 0);
        int32_t at = widest[owner[i]];
        for (int k = 0; k < LEVELS; ++k) {
            level[size_t(k) * n + i] = at;
            at = widest[up[at]];
        }
    }
}

namespace {

void inside(const Arrays &page, const Markup &markup, Matrix &out, Ints &in_main, Ints &in_article) {
    const int32_t n = page.n, entries = markup.entries;
    Ints change(size_t(entries) * (n + 1), 0);
    for (size_t i = 0; i < markup.tag.size(); ++i) {
        const int32_t entry = markup.tag_entry[markup.tag[i]];
        if (entry < 0) continue;
        ++change[size_t(entry) * (n + 1) + markup.first[i]];
        --change[size_t(entry) * (n + 1) + markup.end[i]];
    }
    for (int32_t entry = 0; entry < entries; ++entry) {
        int32_t open = 0;
        for (int32_t i = 0; i < n; ++i) {
            open += change[size_t(entry) * (n + 1) + i];
            out.row(i)[entry] = static_cast<float>(open);
            if (entry == markup.main_entry) in_main[i] = open > 0;
            if (entry == markup.article_entry) in_article[i] = open > 0;
        }
    }
    out.column += entries;
}

void subtrees(const Arrays &page, const Markup &markup, const Tree &tree, Matrix &out) {
    const int32_t n = page.n;
    Running in_p(n);
    for (int32_t i = 0; i < n; ++i) in_p.add(markup.code[i] == markup.p_code ? page.words[i] : 0);
    const double all = std::max(1.0, tree.words.total());
    std::vector<Subtree> known(markup.parent.size());
    for (int32_t i = 0; i < n; ++i) {
        float *to = out.row(i);
        for (int k = 0; k < LEVELS; ++k) {
            const int32_t at = tree.level[size_t(k) * n + i];
            const int32_t first = markup.first[at], end = markup.end[at];
            Subtree &subtree = known[at];
            if (!subtree.known) {
                const double words = tree.words.over(first, end);
                subtree.known = true;
                subtree.words = log1p_of(int64_t(words));
                subtree.share = static_cast<float>(words / all);
                subtree.links = ratio(tree.linked.over(first, end), tree.chars.over(first, end));
                subtree.mean = std::log1p(ratio(words, end - first));
                subtree.p_share = ratio(in_p.over(first, end), words);
                subtree.alike = log_of(tree.alike[at]);
            }
            to[k] = subtree.words;
            to[LEVELS + k] = subtree.share;
            to[2 * LEVELS + k] = subtree.links;
            to[3 * LEVELS + k] = subtree.mean;
            if (k)
                to[4 * LEVELS + k - 1] = static_cast<float>((i - first + 0.5) / std::max(end - first, 1));
            to[5 * LEVELS - 1 + k] = subtree.p_share;
            if (k < LEVELS - 2) to[6 * LEVELS - 1 + k] = subtree.alike;
        }
    }
    out.column += 7 * LEVELS - 3;
}

void paths(const Arrays &page, const Tree &tree, Matrix &out) {
    Numbering numbers;
    Groups groups;
    for (int32_t i = 0; i < page.n; ++i) groups.add(numbers.of(tree.path[tree.owner[i]]), i, page, tree);
    for (int32_t i = 0; i < page.n; ++i) {
        const int32_t group = groups.of[i];
        float *to = out.row(i);
        *to++ = log_of(groups.count[group]);
        *to++ = log1p_of(groups.words[group] / groups.count[group]);
        *to++ = ratio(groups.linked[group], groups.chars[group]);
    }
    out.column += 3;
}

void headings(const Arrays &page, const Markup &markup, const Tree &tree, Matrix &out) {
    const int32_t n = page.n;
    Groups sections;
    int32_t section = 0;
    for (int32_t i = 0; i < n; ++i) {
        section += markup.code[i] >= 1 && markup.code[i] <= HEADINGS;
        sections.add(section, i, page, tree);
    }
    int32_t last = -1, last_h1 = -1;
    for (int32_t i = 0; i < n; ++i) {
        if (markup.code[i] >= 1 && markup.code[i] <= HEADINGS) last = i;
        if (markup.code[i] == 1) last_h1 = i;
        float *to = out.row(i);
        *to++ = last_h1 < 0 ? -1 : log1p_of(int64_t(i - last_h1));
        *to++ = log1p_of(int64_t(last < 0 ? n : i - last));
        *to++ = static_cast<float>(last < 0 ? 7 : markup.code[last]);
        *to++ = log1p_of(int64_t(sections.words[sections.of[i]]));
        *to++ = ratio(sections.linked[sections.of[i]], sections.chars[sections.of[i]]);
    }
    out.column += 5;
}

void whole_page(const Arrays &page, const Markup &markup, const Ints &in_main, const Ints &in_article,
                Matrix &out) {
    int64_t words = 0, chars = 0, link_chars = 0, controls = 0, heads = 0, h1 = 0, articles = 0;
    int64_t share[8] = {0};
    for (int32_t i = 0; i < page.n; ++i) {
        const int32_t code = markup.code[i], own = page.words[i], source = markup.source[i];
        const bool chosen[8] = {
            code == markup.p_code, code == markup.li_code, code >= markup.td_code && code <= markup.th_code,
            markup.hidden[i] != 0, source == 1, source >= 2, in_main[i] != 0, in_article[i] != 0,
        };
        for (int k = 0; k < 8; ++k) share[k] += chosen[k] ? own : 0;
        words += own;
        chars += page.chars[i];
        link_chars += markup.link_chars[i];
        controls += markup.controls[i];
        heads += code >= 1 && code <= HEADINGS;
        h1 += code == 1;
    }
    for (int32_t tag : markup.tag) articles += markup.tag_entry[tag] == markup.article_entry;
    const double all = double(std::max<int64_t>(1, words));
    const float row[13] = {
        static_cast<float>(share[0] / all),
        static_cast<float>(share[1] / all),
        static_cast<float>(share[2] / all),
        static_cast<float>(std::min(1.0, double(link_chars) / std::max<int64_t>(1, chars))),
        static_cast<float>(share[3] / all),
        static_cast<float>(share[4] / all),
        static_cast<float>(share[5] / all),
        log1p_of(articles),
        log1p_of(heads),
        static_cast<float>(h1),
        log1p_of(controls),
        static_cast<float>(share[6] / all),
        static_cast<float>(share[7] / all),
    };
    for (int32_t i = 0; i < page.n; ++i) std::copy(row, row + 13, out.row(i));
    out.column += 13;
}

}  // namespace

void structure(const Arrays &page, const Markup &markup, const Tree &tree, Matrix &out) {
    const int32_t n = page.n;
    for (int32_t i = 0; i < n; ++i) {
        float *to = out.row(i);
        *to++ = static_cast<float>(markup.code[i]);
        *to++ = static_cast<float>(i ? markup.code[i - 1] : 0);
        *to++ = static_cast<float>(i < n - 1 ? markup.code[i + 1] : 0);
        *to++ = static_cast<float>(markup.tag_code[markup.tag[markup.parent[tree.owner[i]]]]);
        *to++ = static_cast<float>(tree.depth[tree.owner[i]]);
        *to++ = static_cast<float>(markup.hidden[i]);
        *to++ = static_cast<float>(markup.source[i]);
        *to++ = log1p_of(int64_t(markup.images[i]));
        *to++ = log1p_of(int64_t(markup.controls[i]));
    }
    out.column += 9;
    Ints in_main(n, 0), in_article(n, 0);
    inside(page, markup, out, in_main, in_article);
    subtrees(page, markup, tree, out);
    paths(page, tree, out);
    headings(page, markup, tree, out);
    whole_page(page, markup, in_main, in_article, out);
}

}  // namespace features
