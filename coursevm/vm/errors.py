"""The one exception that the course VM's tools report to a person."""


class CourseVMError(Exception):
    """`what failed: which object: why: what to do`, printed once, at the top."""
