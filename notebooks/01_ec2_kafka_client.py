# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Milestone 3, part 1: the client machine and its role
#
# You create a key and a machine, walk in over SSH, and let Kafka's own tools sign in with IAM: one missing piece at a
# time.
#
# **You will**
#
# 1. create a key pair and store its private half safely,
# 2. launch an EC2 instance with a role, and connect to it over SSH,
# 3. set up Kafka's tools and the IAM package on it,
# 4. write `client.properties` and find out what each missing piece breaks.
#
# **Before you start:** the lab runs (`make lab`, or `python -m lab up`); no earlier notebook is needed.
# **Time:** a minute to run, an hour to work through. **Cost on AWS:** a t3.small instance costs about 2 cents an hour
# while it runs, and its disk a few cents a month until you terminate it; the MSK cluster that it talks to costs far
# more, from 5 cents an hour a broker, also when idle (prices of us-east-1, checked in November 2026).

# %% [markdown]
# ## You are here
#
# ```text
#                   ┌──────────── this notebook ─────────────┐
#   your computer ──┼─ SSH, key pair ──► EC2 client machine ──┼─ IAM, TLS ──► MSK cluster
#                   │                    Kafka's tools, role  │
#                   └─────────────────────────────────────────┘
# ```
#
# The picture in words: from your computer you connect by SSH, with a key pair, to a machine in EC2. On it are Kafka's
# command-line tools. They sign in to the MSK cluster with the machine's role, over TLS.

# %% tags=["parameters"]
kafka_folder = "kafka_2.13-4.3.1"  # where Kafka was unpacked on the client machine
iam_jar = "aws-msk-iam-auth-2.3.9-all.jar"  # the package that lets Kafka's tools sign in with IAM

# %% [markdown]
# ## Set up
#
# `workbook` knows every name. All of them hold your id.

# %%
from helpers.config import Workbook

workbook = Workbook.load()
print("key pair: ", workbook.key_name)
print("key file: ", workbook.key_file.name)
print("instance: ", workbook.instance_name)
print("role:     ", workbook.access_role)

# %% [markdown]
# ## Task 1: the PEM file
#
# A key pair has two halves. AWS puts the *public* half on the machine. You keep the *private* half in a file, a PEM
# file: whoever has it can walk in as you. AWS shows it once, when the pair is created, and keeps no copy.

# %%
from helpers.client_machine import ec2_client

_ = ec2_client.create_key_pair(workbook)
print(workbook.key_file.read_text().splitlines()[0])

# %% [markdown]
# That first line is all of it that may ever appear in a notebook. Where the file lies matters too: outside of
# everything that is committed or shared, and readable by you alone. `0400` means: the owner may read, nobody else may
# do anything.

# %%
import stat

print(f"{stat.S_IMODE(workbook.key_file.stat().st_mode):04o}")

# %% [markdown]
# ## Task 2: a role for the machine
#
# The machine must prove to MSK who it is. You could put a password on it; then you would have to hide and renew it. A
# *role* needs no password: AWS hands the machine short-lived credentials and renews them by itself. A role has two
# sides. Its *trust policy* says who may act in it; its *permission policies* say what it may do. Start with the trust
# policy: EC2 may hand the role to a machine, and MSK Connect to a connector (milestone 4).

# %%
import json

from helpers import iam

trust = iam.trust_policy(iam.ACCESS_SERVICES)
print(json.dumps(trust, indent=2))

# %%
role = iam.create(workbook, workbook.access_role, trust)
iam.set_policies(workbook, workbook.access_role, {})
iam.create_instance_profile(workbook, workbook.access_role)
print(role)

# %% [markdown]
# The role exists now, and may do nothing at all. That is on purpose: you will add what it needs, piece by piece.
#
# ## Task 3: launch the instance
#
# An instance takes its role by way of an *instance profile*, a box around the role. `create_instance_profile` made it,
# under the same name. Here is the launch itself; on the laptop it starts the lab's client machine, on AWS an EC2
# instance.

# %%
from helpers.notebook import show_code

show_code.show(ec2_client.launch, ec2_client.launch_request)

# %%
_ = ec2_client.launch(workbook)
launched = ec2_client.instance(workbook)
print("state:   ", launched["State"]["Name"])
print("key pair:", launched["KeyName"])
print("role:    ", launched["IamInstanceProfile"]["Arn"].rsplit("/")[-1])

# %% [markdown]
# ## Task 4: connect over SSH
#
# SSH checks both sides. The machine wants to see that you hold the private key. And you want to be sure that it is your
# machine that answers: at the first contact, compare its *host key* with the fingerprint that EC2 shows on the
# instance's console. It takes a second; `connect` does it for you when you hand it the fingerprint.

# %%
from pathlib import Path

from helpers.client_machine import furnishing, ssh

expected = ec2_client.host_fingerprint(workbook)
machine = ssh.connect(workbook, expected)
furnishing.finish(machine, Path(workbook.sink_plugin))
machine.show("echo hello from $USER; ls -d */")

# %% [markdown]
# In a terminal, the same is `ssh -i <id>-key-pair.pem ec2-user@<address>`; on the laptop the address is `127.0.0.1`,
# and the port is not 22 but the one that `python -m lab status` shows for `client`: `-p 2222`. The lab's
# machine is a folder of yours with a door for SSH, not a computer of its own: what you do there, you do as yourself.
#
# **Predict, then run.** What happens when others may read your key file? Make it readable for all, and try.

# %%
workbook.key_file.chmod(0o644)
try:
    ssh.connect(workbook)
except ssh.ClientMachineError as error:
    print(error)
workbook.key_file.chmod(0o400)

# %% [markdown]
# SSH refuses to use a key that is not private, before it sends anything. Now it is private again.
#
# ## Task 5: Kafka's tools, of a version that fits
#
# The tools come with Kafka. On your own instance you fetch and unpack them:
#
# ```shell
# sudo yum install -y java-17-amazon-corretto-headless
# wget https://archive.apache.org/dist/kafka/4.3.1/kafka_2.13-4.3.1.tgz && tar -xzf kafka_2.13-4.3.1.tgz
# ```
#
# On the lab's machine they are there already. Which version? A client talks to brokers that are somewhat older or
# newer, but the nearer the better. (The course used Kafka 2.8; it still came with ZooKeeper. Kafka 4 has none: its
# brokers keep their own records, which is called KRaft.)

# %%
from helpers.kafka import msk

machine.show(f"{kafka_folder}/bin/kafka-topics.sh --version")
cluster = workbook.client("kafka").describe_cluster(ClusterArn=msk.cluster_arn(workbook))["ClusterInfo"]
print("the cluster's brokers:", cluster["CurrentBrokerSoftwareInfo"]["KafkaVersion"], cluster["State"])

# %% [markdown]
# The cluster's *bootstrap servers* are the addresses at which every client begins. MSK tells them. Keep them in a
# variable on the client machine, so that no command has to spell them out. A line in `.bashrc` is read by every new
# session.

# %%
servers = msk.bootstrap_brokers(workbook)
machine.set_variable("BOOTSTRAP_SERVERS", servers)
machine.show('test -n "$BOOTSTRAP_SERVERS" && echo the variable is set')

# %% [markdown]
# ## Task 6: client.properties
#
# Kafka's tools know TLS and passwords, but not IAM. Four lines tell them what to use: TLS with a sign-in (`SASL_SSL`),
# the mechanism that MSK calls `AWS_MSK_IAM`, and two classes that do it, in the role that you name.

# %%
from helpers.kafka import client as kafka_client

properties = kafka_client.client_properties(role)
machine.write(f"{kafka_folder}/bin/client.properties", properties)
machine.show(f"cat {kafka_folder}/bin/client.properties")

# %% [markdown]
# Ask for the list of topics. Nobody has installed the two classes yet, so this must fail. How does it say so?

# %%
machine.run(f"rm -f {kafka_folder}/libs/{iam_jar}")
tool = f"cd {kafka_folder}/bin && ./kafka-topics.sh --bootstrap-server $BOOTSTRAP_SERVERS"
machine.show(f"{tool} --command-config client.properties --list 2>&1 | head -1")

# %% [markdown]
# The classes are in a package that AWS publishes. On your own instance, fetch `aws-msk-iam-auth-2.3.9-all.jar` from the
# releases of the GitHub project `aws/aws-msk-iam-auth`; on the lab's machine it lies in `downloads`. Copy it to Kafka's
# other libraries, and name it on the `CLASSPATH`, the list of places where Java looks.

# %%
machine.show(f"cp downloads/{iam_jar} {kafka_folder}/libs/ && ls {kafka_folder}/libs | grep iam")
machine.set_variable("CLASSPATH", f"~/{kafka_folder}/libs/{iam_jar}")
machine.show('basename "$CLASSPATH"')

# %% [markdown]
# ## Task 7: what each missing piece breaks
#
# The tools can sign in now. May they? Ask again, and read the answer closely: it comes from the broker.

# %%
listing = f"{tool} --command-config client.properties --list 2>&1 | grep -o -m 1 'Access denied.*cluster/'"
machine.show(listing)

# %% [markdown]
# The broker checked the signature, found the role behind it, and looked at the role's policies: none allows
# `kafka-cluster:Connect`. So give it a policy. It names three kinds of things: the cluster, your topics, and consumer
# groups. Look at the second: only topics whose names begin with your id. That is what keeps learners on one cluster
# apart.

# %%
policy = iam.kafka_policy(msk.cluster_arn(workbook), topics=f"{workbook.id}.*")
print(json.dumps(policy["Statement"][1], indent=2))

# %%
iam.set_policies(workbook, workbook.access_role, {"kafka": policy})
answer = machine.run(f"{tool} --command-config client.properties --list")
print("the broker lets the role in:", answer.exit_code == 0)

# %% [markdown]
# It took effect at once. One piece is left, and it is the one that puzzles most learners: *assuming* the role.
# `awsRoleArn` asks AWS for new credentials in that role. Kafka's tools fall back to the credentials that the machine
# has anyway if that is refused, so they did not complain. Other programs will, the REST proxy of milestone 5 among
# them. Try it by hand:

# %%
assume = f"aws sts assume-role --role-arn {role} --role-session-name me"
machine.show(f"{assume} --query AssumedRoleUser.Arn --output text 2>&1 | grep -v '^$'")

# %% [markdown]
# The machine acts in the role already, and still may not assume it: since 2022 no role trusts itself unless its trust
# policy says so. Add the role's own ARN as a principal, and try again.

# %%
iam.set_trust(workbook, workbook.access_role, iam.trust_policy(iam.ACCESS_SERVICES, role))
machine.show(f"{assume} --query AssumedRoleUser.Arn --output text")

# %% [markdown]
# ## Break it on purpose
#
# Take the policy away while the tools are in use. **Predict:** how long does the broker go on believing the old one?

# %%
iam.set_policies(workbook, workbook.access_role, {})
machine.show(listing)

# %%
iam.set_policies(workbook, workbook.access_role, {"kafka": policy})
again = machine.run(f"{tool} --command-config client.properties --list")
machine.close()
print("repaired:", again.exit_code == 0)

# %% [markdown]
# In the lab, a policy holds from the next request on. AWS gives no time; it is seconds, sometimes a minute.
#
# ## What you did
#
# 1. You created a key pair and kept its private half private: `0400`, outside of the repository.
# 2. You launched an instance with a role and checked, over SSH, that it was yours.
# 3. You put Kafka's tools and the IAM package in place.
# 4. You met each missing piece: an open key file, a missing package, a missing policy, a role that did not trust
#    itself.
#
# **Quiz.** Answer first, then unfold.
#
# <details><summary>Your laptop with the PEM file is stolen. What do you do, in which order?</summary>
# Take the public key off the instance (or terminate it), delete the key pair, create a new one. A key pair that is only
# deleted in EC2 still opens the instances that were launched with it.
# </details>
#
# <details><summary>Why does the machine get a role instead of an access key in a file?</summary>
# The role's credentials end after some hours and are renewed by AWS; there is nothing to steal that lasts, nothing to
# rotate, and nothing that could be committed by mistake.
# </details>
#
# <details><summary>The broker says "Access denied", and your policy looks right. Where do you look?</summary>
# At who is signing in: `aws sts get-caller-identity` on the machine. Then at the ARNs in the policy: region, account,
# the cluster's name, and the topic's prefix.
# </details>
#
# **Clean up.** The next notebooks need the machine. When you are done with all of them,
# `ec2_client.terminate(workbook)` ends it with its disk; on AWS that also ends its cost. `python -m lab down`
# stops the lab and keeps everything.
#
# previous: [Start here](00_start_here.ipynb) · index: [README](../README.md) · next: [three
# topics](02_kafka_topics.ipynb)
