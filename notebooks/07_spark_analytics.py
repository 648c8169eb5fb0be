# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Milestone 7, part 2: eight questions (tasks 4 to 11)
#
# You answer eight questions with Spark, and find out how much an answer depends on what the question leaves open.
#
# **You will**
#
# 1. turn a question in words into a query, and say how you read it,
# 2. pick the greatest of each group with a window, ties decided on purpose,
# 3. count users instead of posts, and see the answers change,
# 4. show a median, and a chart where a picture says more than a table.
#
# **Before you start:** the lab runs (`make lab`, or `python -m lab up`). If you have not run the notebook
# before, the first cells catch up for you. **Time:** half a minute to run, an hour and a half to work through.
# **Cost on AWS:** the cluster while it runs, a few cents.

# %% [markdown]
# ## You are here
#
# ```mermaid
# flowchart LR
#   accTitle: Where this notebook works
#   accDescr: Objects in S3 have become three clean tables. This notebook joins them and answers eight questions.
#   s3["S3<br/>bucket"] --> spark["Spark"] --> tables["clean<br/>tables:<br/>pin, geo,<br/>user"]
#   subgraph here["this notebook"]
#     joined["joined<br/>by ind"] --> answers["eight<br/>answers"]
#   end
#   tables --> joined
# ```
#
# The picture in words: three clean tables, made from the objects in S3, go in; eight answers come out.

# %% tags=["parameters"]
rows_shown = 8  # rows of the longer tables to show

# %% [markdown]
# ## Set up
#
# `catch_up.clean_tables` hands you the three Delta tables of the cleaning notebook. If they are not there, it sends the
# history through Kafka and Connect and cleans it, which takes half a minute. `lesson` holds seven exercises:
# `lesson.check(1, …)` judges your answer, `lesson.hint(1)` and `lesson.solution(1)` help.

# %%
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from helpers import analytics, databricks
from helpers.checks import notebook_07 as lesson
from helpers.config import Workbook
from helpers.notebook import answer_pictures, catch_up, show_code

workbook = Workbook.load()
spark, _, display = databricks.attach()
tables = catch_up.clean_tables(spark, workbook)
df_pin, df_geo, df_user = tables["pin"], tables["geo"], tables["user"]
print({name: frame.count() for name, frame in tables.items()})

# %% [markdown]
# These are `df_pin`, `df_geo` and `df_user` as the last notebook left them, clean. The three rows of a post share the
# number `ind`. Two tables are joined on it, and a post that is missing on one side takes no part: an inner join.
#
# ## Task 4: the most popular category in each country
#
# **Reading.** Popular means most posts. A tie goes to the category that comes first in the alphabet, so that the answer
# is the same on every run and every machine.
#
# Two steps lead there. First, how many posts has each country in each category? Distinct numbers are counted, since a
# batch may have been loaded twice.

# %%
posts = df_pin.join(df_geo, "ind").dropna(subset=["country", "category"])
counts = posts.groupBy("country", "category").agg(F.countDistinct("ind").alias("category_count"))
display(counts.orderBy("country", F.desc("category_count"), "category").limit(rows_shown))

# %% [markdown]
# ## Exercise 1: the winner of each country
#
# The second step is yours: of these rows, keep one a country. A *window* looks at the rows of one country side by side,
# and `row_number` numbers them in an order that you choose.

# %% tags=["exercise-1"]
def winners(counts: DataFrame) -> DataFrame:
    """Keep the category with most posts of each country; ties go to the first name in the alphabet."""
    ...


# %%
lesson.check(1, winners, counts)

# %% [markdown]
# Now use ours. The queries are functions of `helpers.analytics`, so that the batch, the stream and the tests use the
# same ones; `show_code.show` prints a function without its documentation. Both of your steps are there, each written
# once for every question that asks for the first of something.

# %%
show_code.show(analytics.popular_category_by_country, analytics._category_counts, analytics._winners, analytics._first)

# %%
by_country = analytics.popular_category_by_country(df_pin, df_geo)
display(by_country.limit(rows_shown))

# %% [markdown]
# **What it means.** Many countries have few posts, so one post more would change the winner. How many winners won by a
# tie? Count the countries in which another category has as many posts.

# %%
tied = counts.join(by_country.select("country", "category_count"), ["country", "category_count"])
tied = tied.groupBy("country").count().where("count > 1").select("country", F.lit(True).alias("tie"))
print(tied.count(), "of", by_country.count(), "countries are decided by the rule for ties")

# %% [markdown]
# About 250 countries make a long table. In how many of them does each category win, and how often was it the alphabet?

# %%
wins = by_country.join(tied, "country", "left").groupBy("category")
wins = wins.agg(F.count_if(F.col("tie").isNull()).alias("outright"), F.count_if("tie").alias("by_alphabet"))
answer_pictures.won_countries(wins.toPandas())

# %% [markdown]
# A rule that is never stated still decides. State it.
#
# ## Task 5: the most popular category each year, 2018 to 2022
#
# **Reading.** The year is that of the post's time, in UTC. The window includes both ends. The heading asks for one
# winner a year, the text below it for the number of posts of each category: both are here.
#
# ## Exercise 2: write task 5 yourself
#
# Columns in this order: `post_year`, `category`, `category_count`. Count distinct `ind`, since a batch may be loaded
# twice. A tie goes to the first name in the alphabet.

# %% tags=["exercise-2"]
def task_5(pin: DataFrame, geo: DataFrame) -> DataFrame:
    """Find `post_year`, `category`, `category_count` of each year's winner, 2018 to 2022; ties by the alphabet."""
    ...


# %%
lesson.check(2, task_5, df_pin, df_geo)

# %% [markdown]
# Now ours. It gives the same years wherever the session's time zone is: `F.year` reads a time in that zone, and at New
# Year the zone decides.

# %%
show_code.show(analytics._category_counts_by_year, analytics._in_years, analytics._utc_year)

# %%
display(analytics.popular_category_by_year(df_pin, df_geo))

# %%
answer_pictures.shares_by_year(analytics.category_counts_by_year(df_pin, df_geo).toPandas())

# %% [markdown]
# **What it means.** Look twice at two columns. In 2020 two categories have the same number of posts, and the alphabet
# decides: a tie is not a win. And 2022 looks like a slump only because its posts end on 18 October; compare shares of a
# year, not numbers of posts, when years differ in length.
#
# **Other readings.** Without the window, years appear that the question did not ask for. Look at what is outside:

# %%
years = df_geo.select("ind", F.year("timestamp").alias("post_year")).distinct().where("post_year IS NOT NULL")
outside = years.where("post_year NOT BETWEEN 2018 AND 2022").groupBy("post_year").count()
display(outside.orderBy("post_year"))

# %% [markdown]
# ## Task 6: the user with the most followers in each country
#
# **Reading.** A user is named by `poster_name` here, because followers belong to the poster. The greatest count wins; a
# tie goes to the first name in code-point order. Posters whose count is not known cannot win.
#
# ## Exercise 3: write task 6 yourself
#
# Columns: `country`, `poster_name`, `follower_count`.

# %% tags=["exercise-3"]
def task_6(pin: DataFrame, geo: DataFrame) -> DataFrame:
    """Find `country`, `poster_name`, `follower_count` of each country's most followed poster; ties by the name."""
    ...


# %%
lesson.check(3, task_6, df_pin, df_geo)

# %%
show_code.show(analytics.most_followed_by_country)

# %%
most_followed = analytics.most_followed_by_country(df_pin, df_geo)
display(most_followed.orderBy(F.desc("follower_count"), "country").limit(rows_shown))

# %% [markdown]
# ## Task 7: the country of the user with the most followers
#
# **Reading.** One row: the greatest count of all. If two countries had it, the first in the alphabet would be named. It
# stands on task 6: sort those rows, keep one.

# %%
display(most_followed.select("country", "follower_count").orderBy(F.desc("follower_count"), "country").limit(1))

# %% [markdown]
# `analytics.country_of_most_followed` does the same.

# %%
display(analytics.country_of_most_followed(df_pin, df_geo))

# %% [markdown]
# ## Task 8: the most popular category for each age group
#
# **Reading.** Groups are 18-24, 25-35, 36-50 and +50. Somebody who is 50 belongs to 36-50, so +50 begins at 51. Who is
# under 18, or of unknown age, belongs to no group. Posts are counted, not people.
#
# ## Exercise 4: write task 8 yourself
#
# The winner of each group, as in task 5. Columns: `age_group`, `category`, `category_count`.

# %% tags=["exercise-4"]
def task_8(pin: DataFrame, user: DataFrame) -> DataFrame:
    """Find `age_group`, `category`, `category_count` of each group's winner: 18-24, 25-35, 36-50, +50."""
    ...


# %%
lesson.check(4, task_8, df_pin, df_user)

# %%
show_code.show(analytics.popular_category_by_age_group, analytics.age_group)

# %%
by_age = analytics.popular_category_by_age_group(df_pin, df_user)
display(by_age)

# %% [markdown]
# **Predict, then run.** The groups span 7, 11, 15 and more than 15 years. In which group are most of the *users*, and
# in which most of the *posts*? Put in the name of the group with most users.

# %%
guess = lesson.predict(1, "36-50")

# %%
grouped = df_user.withColumn("age_group", analytics.age_group(F.col("age")))
groups = grouped.groupBy("age_group").agg(
    F.countDistinct("user_name", "age", "date_joined").alias("users"),
    F.countDistinct("ind").alias("posts"),
)
groups_in_order = [name for name, _, _ in analytics.AGE_GROUPS]
groups = groups.toPandas().set_index("age_group").loc[groups_in_order]
guess.answer(groups["users"].idxmax())
groups

# %% [markdown]
# The young have fewer people and more posts each. Every count of posts by age group says as much about who posts often
# as about taste.
#
# ## Task 9: how many users joined each year, 2015 to 2020
#
# **Reading.** A user is a distinct combination of name, age and joining time. The name alone would merge different
# people; `ind` would count posts.
#
# ## Exercise 5: write task 9 yourself
#
# Columns: `post_year`, `number_users_joined`. The course calls this year `post_year` too.

# %% tags=["exercise-5"]
def task_9(user: DataFrame) -> DataFrame:
    """Count the users who joined in each year: `post_year`, `number_users_joined`, 2015 to 2020."""
    ...


# %%
lesson.check(5, task_9, df_user)

# %%
show_code.show(analytics.users_joined_by_year)

# %%
display(analytics.users_joined_by_year(df_user))

# %%
people = df_user.select("user_name", "age", "date_joined").distinct().where("year(date_joined) BETWEEN 2015 AND 2020")
first, last, _ = answer_pictures.WINDOW
inside = F.count_if(F.col("date_joined").between(first, last)).alias("inside")
monthly = people.groupBy(F.trunc("date_joined", "month").alias("month")).agg(F.count("*").alias("count"), inside)
answer_pictures.joining_months(monthly.orderBy("month").toPandas())

# %% [markdown]
# **What it means.** Do not read growth or decline into these columns. Nearly all users joined between 20 October 2015
# and 20 October 2017, so 2015 and 2017 are parts of years: 838 users in the last ten weeks of 2015 are more a day than
# 2016 has. The few of 2018 to 2020 are planted, to show a window that ends too early.
#
# **Other readings.** The same question, counted in three ways:

# %%
import pandas as pd

readings = {}
for per in ("user", "name", "post"):
    table = analytics.users_joined_by_year(df_user, per).toPandas()
    readings[per] = table.set_index("post_year")["number_users_joined"]
pd.DataFrame(readings)

# %% [markdown]
# Posts are about twice the users, and names are a little fewer: some people share one.
#
# ## Task 10: the median follower count of users by joining year
#
# **Reading.** One figure a user: the greatest count seen in any of the user's posts. Without that step, whoever posts
# often is counted often. The median is exact: with an even number of users, the mean of the two in the middle.
#
# ## Exercise 6: write task 10 yourself
#
# Columns: `post_year`, `median_follower_count`. Two steps: one figure a user, then the median of a year.

# %% tags=["exercise-6"]
def task_10(pin: DataFrame, user: DataFrame) -> DataFrame:
    """Find the exact median of the users' follower counts: `post_year`, `median_follower_count`, 2015 to 2020."""
    ...


# %%
lesson.check(6, task_10, df_pin, df_user)

# %%
show_code.show(analytics.median_followers_by_joining_year, analytics._follower_counts, analytics._medians)

# %%
display(analytics.median_followers_by_joining_year(df_pin, df_user))

# %%
answer_pictures.medians_by_year(analytics.follower_spread(df_pin, df_user, "post_year").toPandas())

# %% [markdown]
# **What it means.** Of the years with hundreds of users, 2015 has the greatest median. The data are made so, and a
# table never says why: a cause would have to be looked for elsewhere. The grey bars stand for a handful of users each:
# one famous account more, and the median doubles. Look at the count before you believe a median.
#
# ## Task 11: the median by joining year and age group
#
# **Reading.** As in task 10, within the age groups of task 8.
#
# ## Exercise 7: write task 11 yourself
#
# Columns: `age_group`, `post_year`, `median_follower_count`. You have every part of it already.

# %% tags=["exercise-7"]
def task_11(pin: DataFrame, user: DataFrame) -> DataFrame:
    """Find the exact median of the users' follower counts: `age_group`, `post_year`, `median_follower_count`."""
    ...


# %%
lesson.check(7, task_11, df_pin, df_user)

# %% [markdown]
# As a table, a row a group and a column a year:

# %%
by_group = analytics.median_followers_by_joining_year_and_age_group(df_pin, df_user)
wide = by_group.groupBy("age_group").pivot("post_year").agg(F.first("median_follower_count"))
display(wide.orderBy(F.col("age_group") == "+50", "age_group"))

# %%
spread = analytics.follower_spread(df_pin, df_user, "age_group", "post_year").where("users >= 5").toPandas()
answer_pictures.medians_by_year_and_age(spread, groups_in_order)

# %% [markdown]
# **What it means.** The younger, and the earlier, the more followers; the table above goes on to 2020, the picture does
# not. What it leaves out are points of fewer than five users: in the table they jump from 300 to a million.
#
# ## Users or posts: the reading that changes most
#
# The course has a ninth question as an exercise: the median follower count of each age group. Compare one figure a user
# with one figure a post.

# %%
per_user = analytics.median_followers_by_age_group(df_pin, df_user)
per_post = analytics.median_followers_by_age_group(df_pin, df_user, per="post")
both = per_user.withColumnRenamed("median_follower_count", "per_user").join(
    per_post.withColumnRenamed("median_follower_count", "per_post"), "age_group"
)
both = both.withColumn("factor", F.round(F.col("per_post") / F.col("per_user"), 1)).toPandas()
both.set_index("age_group").loc[groups_in_order]

# %% [markdown]
# For one group the answers differ by a large factor, with the same data and a query that differs by one line. Neither
# is wrong. Only an answer that does not say which it is.
#
# ## Break it on purpose
#
# Join on the wrong column and nothing complains. Here the users are joined to the pins by name, as if a name were a
# person:

# %%
names = df_pin.select("poster_name", "follower_count").join(df_user, F.col("poster_name") == F.col("user_name"))
print("rows that match:", names.count(), "of", df_pin.count())

# %% [markdown]
# The query runs and gives rows, and every one of them is an accident: poster names and user names are different things
# that sometimes look alike. Check the number of rows after every join.
#
# ## What you did
#
# 1. You wrote down how you read each question before you answered it.
# 2. You picked winners with a window and a rule for ties, and counted how often the rule decided.
# 3. You counted users instead of posts, and saw answers change by a factor.
# 4. You showed exact medians, and charts with a sentence that says what they show.
#
# **Quiz.** Put in a letter for each question. Whoever reads this on a web page finds the answers folded below.

# %%
lesson.questions()

# %%
lesson.quiz("b", "a", "c")

# %% [markdown]
# <details><summary>The answers</summary>
#
# 1. Its category and country are known, and that is all the question needs.
# 2. Posts are counted by distinct <code>ind</code> and users as distinct people; a repetition adds neither.
# 3. It returns an element of the data near the middle, and the answer could change with the number of partitions.
#
# </details>
#
# **Clean up.** Nothing to do on the laptop. On Databricks, end the cluster: it costs money while it idles.
#
# previous: [Milestone 7: clean the three tables](06_spark_cleaning.ipynb) · index: [README](../README.md) ·
# next: [let Airflow do it every day](08_mwaa_dag.ipynb)
