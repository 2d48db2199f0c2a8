from minigrad.compiler.numpy_backend import generate
def check_installed(): pass
