"""The system services: Nt* functions by family, and the table through which every trap from a program is dispatched.

May use the kernel below. `service_table` holds the registry, `call` what a service is given, `dispatch` the way in.
"""
