// The compiled kernel: the same results as the Python code beside it, many times faster.
//
// It is optional. Where it was not built, the Python code does all of this; tests/test_kernel.py holds
// the two to the same results. Everything here keeps to the limited API of Python 3.11, so that one
// wheel a platform serves all later versions.

#include "kernel.hpp"

namespace {

PyMethodDef functions[] = {
    {"measure", kernel::measure, METH_VARARGS, nullptr},
    {"forest", kernel::forest, METH_VARARGS, nullptr},
    {"lexicon_columns", kernel::lexicon_columns, METH_VARARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

// As in classifier/kernel.py, which says when it goes up.
constexpr long INTERFACE = 1;

int fill(PyObject *module) {
    if (PyModule_AddIntConstant(module, "INTERFACE", INTERFACE) < 0) return -1;
    return kernel::add_handler(module);
}

PyModuleDef_Slot slots[] = {
    {Py_mod_exec, reinterpret_cast<void *>(fill)},
    {0, nullptr},
};

PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "classifier._native", "The compiled kernel.", 0, functions, slots, nullptr, nullptr, nullptr,
};

}  // namespace

PyMODINIT_FUNC PyInit__native(void) { return PyModuleDef_Init(&definition); }
