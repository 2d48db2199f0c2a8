def check_installed():
    pass
