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
# 2. write by hand who may act in a role, and what a role may do in Kafka,
# 3. launch an EC2 instance with a role, and connect to it over SSH,
# 4. set up Kafka's tools and the IAM package on it,
# 5. write `client.properties` and find out what each missing piece breaks.
#
# **Before you start:** the lab runs (`make lab`, or `python -m lab up`); no earlier notebook is needed.
# **Time:** a quarter of a minute to run, an hour to work through. **Cost on AWS:** a t3.small instance costs about 2
# cents an hour while it runs, and its disk a few cents a month until you terminate it; the MSK cluster that it talks to
# costs far more, from 5 cents an hour a broker, also when idle (prices of us-east-1, checked in November 2026).

# %% [markdown]
# ## You are here
#
# ```mermaid
# flowchart LR
#   accTitle: Where this notebook works
#   accDescr: Your computer reaches an EC2 client machine by SSH. Kafka's tools on it reach the MSK cluster with IAM.
#   you["your<br/>computer"] -- "SSH,<br/>key pair" --> machine
#   subgraph here["this notebook"]
#     machine["EC2 client machine:<br/>Kafka's tools"] -- "acts in" --> role["role:<br/>trust, policies"]
#   end
#   machine -- "IAM, TLS" --> msk["MSK<br/>cluster"]
# ```
#
# The picture in words: from your computer you connect by SSH, with a key pair, to a machine in EC2. On it are Kafka's
# command-line tools. They sign in to the MSK cluster with the machine's role, over TLS.

# %% tags=["parameters"]
kafka_folder = "kafka_2.13-4.3.1"  # where Kafka unpacks on the client machine
iam_jar = "aws-msk-iam-auth-2.3.9-all.jar"  # the package that lets Kafka's tools sign in with IAM

# %% [markdown]
# ## Set up
#
# `workbook` knows every name. All of them hold your id. `lesson` holds the exercises: `lesson.check(1, …)` judges your
# answer by trying it on the running system, `lesson.hint(1)` gives one hint after the other.

# %%
from helpers.checks import notebook_01 as lesson
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
# sides. Its *trust policy* says who may act in it; its *permission policies* say what it may do. Both are JSON. Here is
# a trust policy with one statement: EC2 may hand the role to a machine.

# %%
import json

for_machines = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": ["ec2.amazonaws.com"]}, "Action": "sts:AssumeRole"},
    ],
}
print(json.dumps(for_machines, indent=2))

# %% [markdown]
# `Principal` says who: `Service` for services of AWS, `AWS` for users and roles. `sts:AssumeRole` is the name of the
# act itself: the service STS hands out credentials of a role for a while.
#
# ### Exercise 1: a role that trusts itself
#
# The role of this project needs three principals: EC2, for the client machine; `kafkaconnect.amazonaws.com`, for the
# connector of milestone 4; and the role itself. The last one is a surprise: a program on the machine that is told the
# role's name *assumes* it, although it acts in it already, and since 2022 no role trusts itself unless its policy says
# so. Roles and users are named by their *ARN*, Amazon's long name for a thing: service, region, account, kind, name.
#
# Write the policy. The check gives it to a role that it makes for the purpose, and tries who may assume that role: the
# role itself, another one, and you.

# %% tags=["exercise-1"]
def trust(role: str) -> dict:
    """Write the trust policy of the role with this ARN: EC2, MSK Connect and the role itself may assume it."""
    ...


# %%
lesson.check(1, trust, workbook)

# %% [markdown]
# Now use ours: `trust_policy` takes the services and any number of roles, and `create` makes the role or, if it is
# there already, replaces its trust. For now leave the role itself out: you will see what that breaks.

# %%
from helpers import iam

role = iam.create(workbook, workbook.access_role, iam.trust_policy(iam.ACCESS_SERVICES))
iam.set_policies(workbook, workbook.access_role, {})
iam.create_instance_profile(workbook, workbook.access_role)
print(role)

# %% [markdown]
# The role exists now, and may do nothing at all. That is on purpose: you will add what it needs, piece by piece.
#
# ## Task 3: launch the instance
#
# An instance takes its role by way of an *instance profile*, a box around the role. `create_instance_profile` made it,
# under the same name. An instance stands in a *VPC*, a network of your own within AWS, behind a *security group*, which
# is its firewall: this one lets SSH in, from your address only. Here is the launch itself; on the laptop it starts the
# lab's client machine, on AWS an EC2 instance.

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
machine.show("echo hello from $USER; ls downloads")

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
# The tools come with Kafka, and Kafka comes as an archive: one file that unpacks into a folder. You saw it in
# `downloads`, as `wget` would have left it. (On your own instance the machine fetched it when it started,
# from `archive.apache.org/dist/kafka`, and Java, which the tools need, with it:
# `sudo dnf install java-17-amazon-corretto-headless`.) Unpack it. In the lab it holds the tools that the workbook uses.

# %%
machine.show(f"tar -xzf downloads/{kafka_folder}.tgz")
machine.show(f"cd {kafka_folder}/bin; ls *.sh")

# %% [markdown]
# Which version? A client talks to brokers that are somewhat older or newer, but the nearer the better. (The course
# used Kafka 2.8; it still came with ZooKeeper, a second program that kept the brokers' records. Kafka 4 has none: its
# brokers keep them themselves, which is called *KRaft*.)

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
print(servers)
machine.set_variable("BOOTSTRAP_SERVERS", servers)
machine.show("grep BOOTSTRAP_SERVERS .bashrc")

# %% [markdown]
# One server, on this computer: the lab has one broker. MSK on AWS gives two or three, joined by commas, such as
# `b-1.….kafka.us-east-1.amazonaws.com:9098`, and they are reached from within the VPC only. 9098 is MSK's port for IAM.

# %% [markdown]
# ## Task 6: client.properties
#
# Kafka's tools know TLS and passwords, but not IAM. Four lines tell them what to use:
#
# | line | what it says |
# |---|---|
# | `security.protocol` | TLS, and a sign-in by *SASL*: a frame in which client and server agree on a way to sign in |
# | `sasl.mechanism` | which way: the one that MSK calls `AWS_MSK_IAM` |
# | `sasl.jaas.config` | who signs in: a class, and the role. *JAAS* is Java's way to write that down |
# | `sasl.client.callback.handler.class` | which class fetches the credentials |

# %%
from helpers.kafka import client as kafka_client

properties = kafka_client.client_properties(role)
machine.write(f"{kafka_folder}/bin/client.properties", properties)
machine.show(f"cat {kafka_folder}/bin/client.properties")

# %% [markdown]
# Ask for the list of topics. Nobody has installed the two classes yet, so this must fail. How does it say so?
# (`only=` shows the lines with these words; the rest is Java's trace.)

# %%
machine.run(f"rm -f {kafka_folder}/libs/{iam_jar}")
tool = f"cd {kafka_folder}/bin && ./kafka-topics.sh --bootstrap-server $BOOTSTRAP_SERVERS"
list_topics = f"{tool} --command-config client.properties --list"
machine.show(list_topics, only="could not be found")

# %% [markdown]
# The classes are in a package that AWS publishes. On your own instance, fetch `aws-msk-iam-auth-2.3.9-all.jar` from the
# releases of the GitHub project `aws/aws-msk-iam-auth`; on the lab's machine it lies in `downloads`. Copy it to Kafka's
# other libraries, and name it on the `CLASSPATH`, the list of places where Java looks.

# %%
machine.show(f"cp downloads/{iam_jar} {kafka_folder}/libs/")
machine.set_variable("CLASSPATH", f"~/{kafka_folder}/libs/{iam_jar}")
machine.show("grep CLASSPATH .bashrc")

# %% [markdown]
# ## Task 7: what each missing piece breaks
#
# You have come past several doors by now, each kept by somebody else, who refuses in words of their own. Who refused
# is the first thing to find out:
#
# ```mermaid
# sequenceDiagram
#   accTitle: Who refuses whom
#   accDescr: Four doors. The firewall closes a port, SSH asks for the key, STS for the role, the broker for a policy.
#   participant you as your laptop
#   participant machine as client machine
#   participant sts as STS
#   participant broker as MSK broker
#   you-xmachine: no rule for port 22:<br/>nobody answers
#   you-xmachine: the wrong PEM file:<br/>Permission denied (publickey)
#   machine-xsts: the role trusts<br/>somebody else:<br/>AccessDenied
#   machine-xbroker: no signature: the handshake fails
#   machine-xbroker: no kafka-cluster:Connect: Access denied
#   machine->>broker: all there: --list
#   broker-->>machine: the topics
# ```
#
# In words: without a rule for port 22 nobody answers; SSH refuses a wrong key, STS a role that trusts somebody else;
# the broker ends the handshake of who does not sign, and denies who signs and may not.
#
# The tools can sign in now. May they? Ask again, and read the answer closely: it comes from the broker.

# %%
machine.show(list_topics, only="Error while executing")

# %% [markdown]
# The broker checked the signature, found the role behind it, and looked at the role's policies: none allows
# `kafka-cluster:Connect`. **On AWS it says** `[<a number>]: Access denied`, and no more: MSK keeps the reason to itself
# ([an example](https://github.com/dpkp/kafka-python/issues/2638)). The lab adds it, so that you learn what to look for.
#
# ### Exercise 2: a policy that reads
#
# In a permission policy each statement says what is allowed (`Action`) with which thing (`Resource`, an ARN). For Kafka
# there are three kinds of things, and their ARNs are made from the cluster's:

# %%
cluster = msk.cluster_arn(workbook)
print(cluster)
print(cluster.replace(":cluster/", ":topic/") + f"/{workbook.id}.geo")
print(cluster.replace(":cluster/", ":group/") + "/readers")

# %% [markdown]
# Whoever wants anything needs `kafka-cluster:Connect` on the cluster. Who reads needs `kafka-cluster:DescribeTopic` and
# `kafka-cluster:ReadData` on the topic. A consumer also keeps note of how far it has come, in its group:
# `kafka-cluster:DescribeGroup` and `kafka-cluster:AlterGroup`. A `*` in an ARN stands for anything.
#
# Write the policy of somebody who may read all topics whose names begin with your id and a dot, in any group, and may
# write nowhere. The check uses the broker in a role that has your policy.

# %% tags=["exercise-2"]
def reading_policy(cluster: str, learner: str) -> dict:
    """Write what lets a role read the topics `<id>.*`, and write nothing; given are the cluster's ARN and the id."""
    ...


# %%
lesson.check(2, reading_policy, workbook)

# %% [markdown]
# Now use ours: `kafka_policy` also lets the role make topics, write to them, and delete groups. Look at its statement
# about topics: only names that begin with your id and the dot. That is what keeps learners on one cluster apart.

# %%
policy = iam.kafka_policy(cluster, topics=f"{workbook.id}.*")
print(json.dumps(policy["Statement"][1], indent=2))

# %%
iam.set_policies(workbook, workbook.access_role, {"kafka": policy})
machine.show(f"{list_topics} > /dev/null; echo it ended with $?")

# %% [markdown]
# No refusal, and an exit code of 0, which says that all went well. (Topics of yours that are there already are listed
# too, and left out here; you make them in part 2.) The policy took effect at once.
#
# One piece is left, and it is the one that puzzles most learners: *assuming* the role. `awsRoleArn` asks AWS for new
# credentials in that role. If that is refused, Kafka's tools fall back to the credentials that the machine has anyway,
# so they did not complain. Other programs will, the REST proxy of milestone 5 among them. Try it by hand:

# %%
assume = f"aws sts assume-role --role-arn {role} --role-session-name me"
machine.show(f"{assume} --query AssumedRoleUser.Arn --output text")

# %% [markdown]
# The machine acts in the role already, and still may not assume it. (This sentence is AWS's own, word for word.) You
# have written what is missing: give the role your trust policy, and try again.

# %%
iam.set_trust(workbook, workbook.access_role, trust(role))
machine.show(f"{assume} --query AssumedRoleUser.Arn --output text")

# %% [markdown]
# ## Exercise 3: a file with three faults
#
# A colleague typed `client.properties` off a screen:

# %%
print(lesson.FAULTY.format(role=role))

# %% [markdown]
# Three things are wrong with it. Write the file as it must be. The check lets `kafka-topics.sh --list` use your file on
# the client machine; it is right when the tool ends with 0. Mend one fault, check, read what the tool says next.

# %% tags=["exercise-3"]
def repaired(role: str) -> str:
    """Write the lines of `client.properties` for a role, without the three faults."""
    ...


# %%
lesson.check(3, repaired, machine, tool, role)

# %% [markdown]
# ## Break it on purpose
#
# Take the policy away while the tools are in use. **Predict:** for how many seconds does the broker go on believing the
# old one? 0 if the very next request is refused, 60 for a minute, 3600 if it believes until the session's key ends.

# %%
guess = lesson.predict(1, 0)

# %%
iam.set_policies(workbook, workbook.access_role, {})
machine.show(list_topics, only="Error while executing")
refused = machine.run(list_topics, check=False).exit_code != 0
guess.answer(0 if refused else 60)

# %% [markdown]
# Now repair it.

# %%
iam.set_policies(workbook, workbook.access_role, {"kafka": policy})
machine.show(f"{list_topics} > /dev/null; echo it ended with $?")
machine.close()

# %% [markdown]
# In the lab, a policy holds from the next request on. AWS gives no time; it is seconds, sometimes a minute.
#
# ## What you did
#
# 1. You created a key pair and kept its private half private: `0400`, outside of the repository.
# 2. You wrote a trust policy and a permission policy by hand, and tried both in the running system.
# 3. You launched an instance with a role and checked, over SSH, that it was yours.
# 4. You put Kafka's tools and the IAM package in place.
# 5. You met each missing piece: an open key file, a missing package, a missing policy, a role that did not trust
#    itself.
#
# **Quiz.** Put in a letter for each question. Whoever reads this on a web page finds the answers folded below.

# %%
lesson.questions()

# %%
lesson.quiz("c", "a", "b")

# %% [markdown]
# <details><summary>The answers</summary>
#
# 1. Take the public key off the instance, or terminate it; delete the pair, make a new one.
# 2. The role's credentials end after some hours and are renewed by AWS: nothing to steal that lasts, nothing to rotate,
#    nothing that could be committed by mistake.
# 3. At who is signing in: `aws sts get-caller-identity`. Then at the ARNs in the policy: region, account, the cluster's
#    name, and the topic's prefix.
#
# </details>
#
# **Clean up.** The next notebooks need the machine. When you are done with all of them,
# `ec2_client.terminate(workbook)` ends it with its disk; on AWS that also ends its cost. `python -m lab down`
# stops the lab and keeps everything.
#
# previous: [Start here](00_start_here.ipynb) · index: [README](../README.md) · next: [three
# topics](02_kafka_topics.ipynb)
