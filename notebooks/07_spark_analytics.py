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
# before, the first cells catch up for you. **Time:** one minute to run, an hour to work through. **Cost on AWS:** the
# cluster while it runs, a few cents.

# %% [markdown]
# ## You are here
#
# ```text
#   emulator ──► Kafka ──► Kafka Connect ──► S3 ──► Spark ──► clean tables ──► answers
#                                                            └── this notebook ──────┘
# ```
#
# The picture in words: three clean tables, made from the objects in S3, go in; eight answers come out.

# %% tags=["parameters"]
rows_shown = 8  # rows of the longer tables to show

# %% [markdown]
# ## Set up
#
# `catch_up.clean_tables` hands you the three Delta tables of the cleaning notebook. If they are not there, it sends the
# history through Kafka and Connect and cleans it, which takes half a minute. `lesson` holds four exercises:
# `lesson.check(1, …)` judges your answer, `lesson.hint(1)` and `lesson.solution(1)` help.

# %%
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from helpers import analytics, databricks
from helpers.checks import notebook_07 as lesson
from helpers.config import Workbook
from helpers.notebook import catch_up, plots, show_code

workbook = Workbook.load()
spark = databricks.session()
tables = catch_up.clean_tables(spark, workbook)
pin, geo, user = tables["pin"], tables["geo"], tables["user"]
print({name: frame.count() for name, frame in tables.items()})

# %% [markdown]
# The three rows of a post share the number `ind`. Two tables are joined on it, and a post that is missing on one side
# takes no part: an inner join.
#
# ## Task 4: the most popular category in each country
#
# **Reading.** Popular means most posts. A tie goes to the category that comes first in the alphabet, so that the answer
# is the same on every run and every machine.

# The queries are functions of `helpers.analytics`, so that the batch, the stream and the tests use the same ones.
# `show_code.show` prints a function without its documentation. Read this one from the inside out: count the distinct
# posts of each country and category, rank the categories of a country, keep the first.

# %%
show_code.show(analytics.popular_category_by_country, analytics._category_counts, analytics._winners, analytics._first)

# %%
by_country = analytics.popular_category_by_country(pin, geo)
by_country.limit(rows_shown).toPandas()

# %% [markdown]
# **What it means.** Many countries have few posts, so one post more would change the winner. How many winners won by a
# tie? Count the countries in which another category has as many posts.

# %%
counts = pin.select("ind", "category").distinct().join(geo.select("ind", "country").distinct(), "ind")
counts = counts.where("country IS NOT NULL").groupBy("country", "category").count()
top = by_country.select("country", F.col("category_count").alias("count"))
tied = counts.join(top, ["country", "count"]).groupBy("country").agg(F.count("*").alias("winners"))
tied = tied.where("winners > 1")
print(tied.count(), "of", by_country.count(), "countries are decided by the rule for ties")

# %% [markdown]
# About 250 countries make a long table. In how many of them does each category win, and how often was it the alphabet?

# %%
is_tie = F.col("winners").isNotNull()
wins = by_country.join(tied, "country", "left").groupBy("category")
wins = wins.agg(F.count_if(~is_tie).alias("outright"), F.count_if(is_tie).alias("by_alphabet")).toPandas()
wins = wins.sort_values(["outright", "category"], ascending=[False, True], ignore_index=True)
ties = wins["by_alphabet"].sum()
title = f"The alphabet decided in {ties} of {ties + wins['outright'].sum()} countries"
parts = {"outright": "more posts than any other", "by_alphabet": "a tie, decided by the alphabet"}
chart = plots.split_bars(wins, "category", parts, title, "countries in which a category has most posts")
won = ", ".join(f"{row.category} {row.outright} and {row.by_alphabet}" for row in wins.itertuples())
plots.show(chart, f"Bars of won countries by category, outright and by the alphabet: {won}.")

# %% [markdown]
# A rule that is never stated still decides. State it.
#
# ## Task 5: the most popular category each year, 2018 to 2022
#
# **Reading.** The year is that of the post's time, in UTC. The window includes both ends. The heading asks for one
# winner a year, the text below it for the number of posts of each category: both are here.
#
# ## Exercise 1: write task 5 yourself
#
# Columns in this order: `post_year`, `category`, `category_count`. Count distinct `ind`, since a batch may be loaded
# twice. A tie goes to the first name in the alphabet.

# %% tags=["exercise-1"]
def task_5(pin: DataFrame, geo: DataFrame) -> DataFrame:
    """Find `post_year`, `category`, `category_count` of each year's winner, 2018 to 2022; ties by the alphabet."""
    ...


# %%
lesson.check(1, task_5, pin, geo)

# %% [markdown]
# Now ours. It gives the same years wherever the session's time zone is: `F.year` reads a time in that zone, and at New
# Year the zone decides.

# %%
show_code.show(analytics._category_counts_by_year, analytics._in_years, analytics._utc_year)

# %%
analytics.popular_category_by_year(pin, geo).toPandas()

# %%
by_year = analytics.category_counts_by_year(pin, geo).toPandas()
by_year["share"] = 100 * by_year["category_count"] / by_year.groupby("post_year")["category_count"].transform("sum")
by_year["total"] = by_year.groupby("category")["category_count"].transform("sum")
by_year = by_year.sort_values(["total", "category", "post_year"], ascending=[False, True, True])

# %%
title = f"No category has more than {by_year['share'].max():.1f} % of a year's posts"
unit = "% of the year's posts; bold: most, =: shared by two; 2022 ends on 18 October"
chart = plots.heatmap(by_year, "category", "post_year", "share", title, unit)
first = by_year[by_year["category_count"] == by_year.groupby("post_year")["category_count"].transform("max")]
named = first.sort_values("post_year").groupby("post_year")["category"].agg(" and ".join)
named = ", ".join(f"{year} {name}" for year, name in named.items())
plots.show(chart, f"A grid of each category's share of a year's posts, darker for more. Most posts: {named}.")

# %% [markdown]
# **What it means.** Look twice at two columns. In 2020 two categories have the same number of posts, and the alphabet
# decides: a tie is not a win. And 2022 looks like a slump only because its posts end on 18 October; compare shares of a
# year, not numbers of posts, when years differ in length.
#
# **Other readings.** Without the window, years appear that the question did not ask for. Look at what is outside:

# %%
years = geo.select("ind", F.year("timestamp").alias("post_year")).distinct().where("post_year IS NOT NULL")
outside = years.where("post_year NOT BETWEEN 2018 AND 2022").groupBy("post_year").count()
outside.orderBy("post_year").toPandas()

# %% [markdown]
# ## Task 6: the user with the most followers in each country
#
# **Reading.** A user is named by `poster_name` here, because followers belong to the poster. The greatest count wins; a
# tie goes to the first name in code-point order. Posters whose count is not known cannot win.

# %%
show_code.show(analytics.most_followed_by_country)

# %%
most_followed = analytics.most_followed_by_country(pin, geo)
most_followed.orderBy(F.desc("follower_count"), "country").limit(rows_shown).toPandas()

# %% [markdown]
# ## Task 7: the country of the user with the most followers
#
# **Reading.** One row: the greatest count of all. If two countries had it, the first in the alphabet would be named.

# %%
show_code.show(analytics.country_of_most_followed)

# %%
analytics.country_of_most_followed(pin, geo).toPandas()

# %% [markdown]
# ## Task 8: the most popular category for each age group
#
# **Reading.** Groups are 18-24, 25-35, 36-50 and +50. Somebody who is 50 belongs to 36-50, so +50 begins at 51. Who is
# under 18, or of unknown age, belongs to no group. Posts are counted, not people.
#
# ## Exercise 2: write task 8 yourself
#
# The winner of each group, as in task 5. Columns: `age_group`, `category`, `category_count`.

# %% tags=["exercise-2"]
def task_8(pin: DataFrame, user: DataFrame) -> DataFrame:
    """Find `age_group`, `category`, `category_count` of each group's winner: 18-24, 25-35, 36-50, +50."""
    ...


# %%
lesson.check(2, task_8, pin, user)

# %%
show_code.show(analytics.popular_category_by_age_group, analytics.age_group)

# %%
by_age = analytics.popular_category_by_age_group(pin, user)
by_age.toPandas()

# %% [markdown]
# **Predict, then run.** The groups span 7, 11, 15 and more than 15 years. In which group are most of the *users*, and
# in which most of the *posts*? Put in the name of the group with most users.

# %%
guess = lesson.predict(1, "36-50")

# %%
grouped = user.withColumn("age_group", analytics.age_group(F.col("age")))
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
# ## Exercise 3: write task 9 yourself
#
# Columns: `post_year`, `number_users_joined`. The course calls this year `post_year` too.

# %% tags=["exercise-3"]
def task_9(user: DataFrame) -> DataFrame:
    """Count the users who joined in each year: `post_year`, `number_users_joined`, 2015 to 2020."""
    ...


# %%
lesson.check(3, task_9, user)

# %%
show_code.show(analytics.users_joined_by_year)

# %%
import pandas as pd

joined = analytics.users_joined_by_year(user).toPandas()
joined

# %%
people = user.select("user_name", "age", "date_joined").distinct().where("year(date_joined) BETWEEN 2015 AND 2020")
monthly = people.groupBy(F.trunc("date_joined", "month").alias("month")).count().orderBy("month").toPandas()
inside = people.where("date_joined BETWEEN '2015-10-20' AND '2017-10-20'").count() / people.count()
title = f"{inside:.1%} of these users joined within two years"
window = ("2015-10-20", "2017-10-20", "20 October 2015 to 20 October 2017")
chart = plots.months(monthly, "month", "count", title, "users who joined in a month", window)
peak = monthly.loc[monthly["count"].idxmax()]
plots.show(chart, f"Columns of new users by month, {title}; most in {peak['month']:%B %Y}, {peak['count']}.")

# %% [markdown]
# **What it means.** Do not read growth or decline into these columns. Nearly all users joined between 20 October 2015
# and 20 October 2017, so 2015 and 2017 are parts of years: 838 users in the last ten weeks of 2015 are more a day than
# 2016 has. The few of 2018 to 2020 are planted, to show a window that ends too early.
#
# **Other readings.** The same question, counted in three ways:

# %%
readings = {}
for per in ("user", "name", "post"):
    table = analytics.users_joined_by_year(user, per).toPandas()
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
# ## Exercise 4: write task 10 yourself
#
# Columns: `post_year`, `median_follower_count`. Two steps: one figure a user, then the median of a year.

# %% tags=["exercise-4"]
def task_10(pin: DataFrame, user: DataFrame) -> DataFrame:
    """Find the exact median of the users' follower counts: `post_year`, `median_follower_count`, 2015 to 2020."""
    ...


# %%
lesson.check(4, task_10, pin, user)

# %%
show_code.show(analytics.median_followers_by_joining_year, analytics._follower_counts, analytics._medians)

# %%
medians = analytics.median_followers_by_joining_year(pin, user).toPandas()
medians

# %%
spread = analytics.follower_spread(pin, user, "post_year").toPandas()
medians = {row.post_year: f"{row.median:,.0f}" for row in spread.itertuples()}
title = f"The median falls from {medians[2015]} to {medians[2017]}; later years have a handful of users"
chart = plots.ranges(spread, "post_year", title, "followers; bar: the middle half of the users", few=30)
named = ", ".join(f"{year} {median}" for year, median in medians.items())
plots.show(chart, f"The median and the middle half of follower counts by joining year. Medians: {named}.")

# %% [markdown]
# **What it means.** Those who joined in 2015 have the greatest median. The data are made so, and a table never says
# why: a cause would have to be looked for elsewhere. The grey bars stand for a handful of users each: one famous
# account more, and the median doubles. Look at the count before you believe a median.
#
# ## Task 11: the median by joining year and age group
#
# **Reading.** As in task 10, within the age groups of task 8.

# %%
by_group = analytics.median_followers_by_joining_year_and_age_group(pin, user).toPandas()
by_group.pivot(index="age_group", columns="post_year", values="median_follower_count").loc[groups_in_order]

# %%
spread = analytics.follower_spread(pin, user, "age_group", "post_year").where("users >= 5").toPandas()
pairs = spread.pivot(index="age_group", columns="post_year", values="median").loc[groups_in_order]
title = f"From 2015 to 2016 the median falls in {(pairs[2015] > pairs[2016]).sum()} of {len(pairs)} age groups"
unit = "median followers; dot: number of users"
chart = plots.lines(spread, "post_year", "median", "age_group", title, unit, groups_in_order, size="users")
ends = ", ".join(f"{group} {pairs.loc[group, 2015]:,.0f}" for group in groups_in_order)
plots.show(chart, f"A line an age group: the median by joining year, five users or more a point; in 2015 {ends}.")

# %% [markdown]
# **What it means.** The younger, and the earlier, the more followers; the table above goes on to 2020, the picture does
# not. What it leaves out are points of fewer than five users: in the table they jump from 300 to a million.
#
# ## Users or posts: the reading that changes most
#
# The course has a ninth question as an exercise: the median follower count of each age group. Compare one figure a user
# with one figure a post.

# %%
per_user = analytics.median_followers_by_age_group(pin, user)
per_post = analytics.median_followers_by_age_group(pin, user, per="post")
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
names = pin.select("poster_name", "follower_count").join(user, F.col("poster_name") == F.col("user_name"))
print("rows that match:", names.count(), "of", pin.count())

# %% [markdown]
# The query runs and gives rows, and every one of them is an accident: poster names and user names are different things
# that sometimes look alike. Check the number of rows after every join.
#
# ## What you did
#
# 1. You wrote down how you read each question before you answered it.
# 2. You picked winners with a rule for ties, and counted how often the rule decided.
# 3. You counted users instead of posts, and saw answers change by a factor.
# 4. You showed exact medians, and charts with a sentence that says what they show.
#
# **Quiz.** Answer first, then unfold.
#
# <details><summary>Why does a post without a follower count still take part in task 4?</summary>
# Its category and country are known, and that is all the question needs.
# </details>
#
# <details><summary>Why does the answer not change when the same batch is loaded twice?</summary>
# Posts are counted by distinct <code>ind</code> and users as distinct people; a repetition adds neither.
# </details>
#
# <details><summary>What would <code>approx_percentile</code> do to task 10?</summary>
# Return an element of the data near the middle. For an even number of users it would not be the mean of the two in the
# middle, and the answer could change with the number of partitions.
# </details>
#
# **Clean up.** Nothing to do on the laptop. On Databricks, end the cluster: it costs money while it idles.
#
# previous: [Milestone 7: clean the three tables](06_spark_cleaning.ipynb) · index: [README](../README.md) ·
# next: [let Airflow do it every day](08_mwaa_dag.ipynb)
