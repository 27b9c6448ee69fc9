"""What the service and its clients say to each other: the wire format of `/api/v1`, one module a subject.

Values that studies already record (a trial, an appraisal, a study's summary) travel as they are recorded, so that
whatever draws or explains them works on either side. Everything else has a message of its own.
"""
