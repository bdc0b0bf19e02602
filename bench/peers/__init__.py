"""`make bench-peers`: other packages beside the product, in a temporary environment.

requirements.txt   the exact releases that are installed
project/           a Django project of the packages; it runs in that environment only
process            the process that runs it
__main__           the measurements
"""
