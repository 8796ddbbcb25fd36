// Between Python's objects and plain memory.

#pragma once

#include <cstdint>
#include <new>
#include <stdexcept>
#include <vector>

#include "kernel.hpp"

namespace kernel {

[[noreturn]] inline void refuse(const char *what) {
    PyErr_SetString(PyExc_ValueError, what);
    throw PythonError();
}

// Runs what may throw, for Python.
template <class Body> PyObject *guarded(Body body) {
    try {
        return body();
    } catch (const PythonError &) {
        return nullptr;
    } catch (const std::bad_alloc &) {
        return PyErr_NoMemory();
    } catch (const std::length_error &) {
        return PyErr_NoMemory();
    }
}

// Lets other threads of Python run.
class Unlocked {
  public:
    Unlocked() : state_(PyEval_SaveThread()) {}
    ~Unlocked() { PyEval_RestoreThread(state_); }

  private:
    PyThreadState *state_;
};

// A buffer of another object, such as an array.
class Buffer {
  public:
    Buffer(PyObject *object, size_t item) {
        if (PyObject_GetBuffer(object, &view_, PyBUF_C_CONTIGUOUS) < 0) throw PythonError();
        if (static_cast<size_t>(view_.itemsize) != item && view_.itemsize != 1) {
            PyBuffer_Release(&view_);
            refuse("an array has items of another size");
        }
        size_ = static_cast<size_t>(view_.len) / item;
    }
    ~Buffer() { PyBuffer_Release(&view_); }
    Buffer(const Buffer &) = delete;
    Buffer &operator=(const Buffer &) = delete;
    template <class Item> const Item *of() const { return static_cast<const Item *>(view_.buf); }
    size_t size() const { return size_; }

  private:
    Py_buffer view_;
    size_t size_;
};

template <class Item> Ref bytes(const std::vector<Item> &items) {
    return Ref(PyBytes_FromStringAndSize(reinterpret_cast<const char *>(items.data()),
                                         static_cast<Py_ssize_t>(items.size() * sizeof(Item))));
}

}  // namespace kernel
