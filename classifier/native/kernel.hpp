// What the parts of the kernel share.

#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

namespace kernel {

// Thrown where a Python exception is set; what Python calls catches it and returns nullptr.
struct PythonError {};

// A reference that is given up at the end of its scope. `Ref(call(...))` throws if the call failed.
class Ref {
  public:
    Ref() = default;
    explicit Ref(PyObject *owned) : object_(owned) {
        if (!owned) throw PythonError();
    }
    Ref(Ref &&other) noexcept : object_(other.release()) {}
    Ref &operator=(Ref &&other) noexcept {
        PyObject *old = object_;
        object_ = other.release();
        Py_XDECREF(old);
        return *this;
    }
    Ref(const Ref &) = delete;
    Ref &operator=(const Ref &) = delete;
    ~Ref() { Py_XDECREF(object_); }
    PyObject *get() const { return object_; }
    PyObject *release() {
        PyObject *object = object_;
        object_ = nullptr;
        return object;
    }

  private:
    PyObject *object_ = nullptr;
};

// -- functions of the module ----------------------------------------------------------------------

PyObject *measure(PyObject *module, PyObject *arguments);
PyObject *lexicon_columns(PyObject *module, PyObject *arguments);
PyObject *forest(PyObject *module, PyObject *arguments);

// -- types of the module --------------------------------------------------------------------------

int add_handler(PyObject *module);

}  // namespace kernel
