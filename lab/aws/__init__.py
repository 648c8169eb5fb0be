"""The AWS endpoint: one loopback port that answers as IAM, STS, EC2, MSK, MSK Connect, API Gateway and others do.

What happens to a request, step by step, is written down in `door.chain`: it is authenticated and authorised before
any service hears of it. `moto` keeps the state of most services; those that lead to the lab's real servers are ours
and are parsed and answered through botocore's own service models (`protocol`).
"""

import os

# moto reads its settings when it is imported, which happens below here only
os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
os.environ.setdefault("MOTO_ENABLE_KEYPAIR_VALIDATION", "true")
