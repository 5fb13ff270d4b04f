"""The grader: takes a submission to a lab and tells how many points it earns, and why.

Reading order: lab.py what a lab is, markers.py the regions a student fills in, submission.py
what is taken from a student, sandbox.py how foreign code runs on this machine, cell.py how a
foreign server does, hosttest.py and module.py the two places it runs in, conversation.py what it is
asked, crash.py what a dead kernel tells, outcome.py the words for what came of it, grade.py the
course of a grading, report.py its results, command.py the command line. What is special to one lab
is in that lab's folder.
"""
