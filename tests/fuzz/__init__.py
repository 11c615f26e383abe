"""Fuzzing: each kind of input that comes from outside, with what must hold of it.

python -m tests.fuzz message --seconds 300
"""
