print("Hello from PyTask-Manager")
