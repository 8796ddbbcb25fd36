// classifier/forest.py: all splits of all trees, for a few rows at a time.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "convert.hpp"
#include "kernel.hpp"

namespace kernel {

namespace {

const int ROWS = 32;

inline int lowest_bit(uint64_t bits) {  // which is never 0
#if defined(__GNUC__)
    return __builtin_ctzll(bits);
#else
    int place = 0;
    while (!(bits & 1)) bits >>= 1, ++place;
    return place;
#endif
}

// Of the rows that are above a split's threshold only the leaves in `kept` stay.
template <class Bits> inline void strike(Bits *left, const float *values, float at_most, Bits kept) {
    for (int row = 0; row < ROWS; ++row) left[row] &= kept | (Bits(0) - Bits(values[row] <= at_most));
}

#if defined(__GNUC__)
// Compilers do not see that the loop above is one of vectors.
template <> inline void strike(uint32_t *left, const float *values, float at_most, uint32_t kept) {
    typedef float Values __attribute__((vector_size(16)));
    typedef int32_t Masks __attribute__((vector_size(16)));
    const Values limits = {at_most, at_most, at_most, at_most};
    const int32_t same = static_cast<int32_t>(kept);
    const Masks masks = {same, same, same, same};
    for (int row = 0; row < ROWS; row += 4) {
        Values four;
        Masks bits;
        std::memcpy(&four, values + row, sizeof four);
        std::memcpy(&bits, left + row, sizeof bits);
        bits &= masks | (four <= limits);
        std::memcpy(left + row, &bits, sizeof bits);
    }
}
#endif

struct Trees {
    const int32_t *feature;
    const float *threshold;
    const int32_t *splits;
    const float *value;
    size_t trees;
};

// `columns` holds ROWS values of each column.
template <class Bits> void sum_leaves(const Trees &forest, const Bits *keep, const float *columns, double *sums) {
    const int32_t *feature = forest.feature;
    const float *threshold = forest.threshold, *value = forest.value;
    for (size_t tree = 0; tree < forest.trees; ++tree) {
        Bits left[ROWS];
        for (int row = 0; row < ROWS; ++row) left[row] = ~Bits(0);
        for (int32_t split = 0; split < forest.splits[tree]; ++split) {
            strike(left, columns + size_t(*feature++) * ROWS, *threshold++, *keep++);
        }
        for (int row = 0; row < ROWS; ++row) sums[row] += value[lowest_bit(left[row])];
        value += forest.splits[tree] + 1;
    }
}

}  // namespace

// forest(matrix, rows, columns, feature, threshold, keep, splits, value, item size of keep) -> log-odds
PyObject *forest(PyObject *, PyObject *arguments) {
    return guarded([&]() -> PyObject * {
        PyObject *matrix_in, *feature_in, *threshold_in, *keep_in, *splits_in, *value_in;
        Py_ssize_t rows, columns, item;
        if (!PyArg_ParseTuple(arguments, "OnnOOOOOn", &matrix_in, &rows, &columns, &feature_in, &threshold_in,
                              &keep_in, &splits_in, &value_in, &item))
            throw PythonError();
        if (item != 4 && item != 8) refuse("bits of leaves take four or eight bytes");
        const Buffer matrix(matrix_in, 4), feature(feature_in, 4), threshold(threshold_in, 4),
            keep(keep_in, size_t(item)), splits(splits_in, 4), value(value_in, 4);
        const Trees trees = {feature.of<int32_t>(), threshold.of<float>(), splits.of<int32_t>(),
                             value.of<float>(), splits.size()};
        size_t count = 0;
        for (size_t i = 0; i < trees.trees; ++i) {
            if (trees.splits[i] < 1 || trees.splits[i] >= 8 * item) refuse("a tree has too many splits");
            count += size_t(trees.splits[i]);
        }
        if (feature.size() != count || threshold.size() != count || keep.size() != count ||
            value.size() != count + trees.trees || matrix.size() != size_t(rows) * size_t(columns))
            refuse("parts of a forest differ in length");
        for (size_t i = 0; i < count; ++i)
            if (trees.feature[i] < 0 || trees.feature[i] >= columns) refuse("a split looks at no column");
        std::vector<double> sums(size_t(rows) + ROWS, 0.0);
        {
            const Unlocked unlocked;
            std::vector<float> batch(size_t(columns) * ROWS, 0.0f);
            for (Py_ssize_t row = 0; row < rows; row += ROWS) {
                const Py_ssize_t have = std::min<Py_ssize_t>(ROWS, rows - row);
                for (Py_ssize_t i = 0; i < have; ++i) {
                    const float *from = matrix.of<float>() + size_t(row + i) * size_t(columns);
                    for (Py_ssize_t column = 0; column < columns; ++column) batch[column * ROWS + i] = from[column];
                }
                if (item == 4)
                    sum_leaves(trees, keep.of<uint32_t>(), batch.data(), &sums[size_t(row)]);
                else
                    sum_leaves(trees, keep.of<uint64_t>(), batch.data(), &sums[size_t(row)]);
            }
        }
        sums.resize(size_t(rows));
        return bytes(sums).release();
    });
}

}  // namespace kernel
