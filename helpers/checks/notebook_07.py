"""Exercises of the notebook that answers the eight questions."""

from collections import defaultdict
from collections.abc import Callable

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from helpers import analytics
from helpers.checks.exercise import Exercise, Result, Twin, given
from helpers.checks.lesson import Lesson
from helpers.checks.quiz import Question


def _rows(answer: Callable[..., DataFrame], *tables: DataFrame) -> Result:
    """First column → the others, and the names of the columns."""
    frame = given(answer(*tables))
    rows = defaultdict(list)
    for key, *values in frame.collect():
        named = f"a row in which {frame.columns[0]} is null" if key is None else key
        rows[named].append(values[0] if len(values) == 1 else tuple(values))
    # several rows for one key are a result too, and a telling one
    found = {key: values[0] if len(values) == 1 else sorted(values, key=repr) for key, values in rows.items()}
    return {"the columns": ", ".join(frame.columns)} | found


def _rows_when_loaded_twice(answer: Callable[..., DataFrame], pin: DataFrame, geo: DataFrame) -> Result:
    """As `_rows`, where every third pin was loaded a second time."""
    return _rows(answer, pin.unionAll(pin.where("ind % 3 = 0")), geo)


# --- task 4: the most popular category in each country ------------------------------------------------------------


def winners(counts: DataFrame) -> DataFrame:
    """Keep the category with most posts of each country; ties go to the first name in the alphabet."""
    order = Window.partitionBy("country").orderBy(F.desc("category_count"), "category")
    return counts.withColumn("place", F.row_number().over(order)).where("place = 1").drop("place")


def _ranked(
    rows: DataFrame, *order: Column | str, group: str = "country", number: Callable[[], Column] = F.row_number
) -> DataFrame:
    """Keep what is first in each group, by an order and a way to number."""
    window = Window.partitionBy(group).orderBy(*order)
    return rows.withColumn("place", number().over(window)).where("place = 1").drop("place")


def _two_maxima(counts: DataFrame) -> DataFrame:
    return counts.groupBy("country").agg(F.max("category"), F.max("category_count")).toDF(*counts.columns)


TIES = [("Fiji", "travel", 3), ("Fiji", "art", 3), ("Chad", "art", 2), ("Chad", "travel", 2)]
"""Two ties, made up; the rows of one are in the alphabet's order, those of the other are not."""

AS_THEY_CAME = {"Fiji": ("travel", 3), "Chad": ("art", 2)}


def _won(answer: Callable[[DataFrame], DataFrame], counts: DataFrame) -> Result:
    """As `_rows`; of an answer that lets chance decide a tie only that, for another run would give other rows."""
    ties = counts.sparkSession.createDataFrame(TIES, "country string, category string, category_count bigint")
    told = _rows(answer, ties.coalesce(1))
    if all(told.get(country) == first for country, first in AS_THEY_CAME.items()):
        return {"a tie": "goes to whoever comes first"}
    return _rows(answer, counts)


WINNERS = Exercise(
    solution=winners,
    evaluate=_won,
    twins=(
        Twin(
            lambda counts: _ranked(counts, F.desc("category_count"), number=F.rank),
            "Several rows for some countries: `rank` gives the same place to all that tie. `row_number` gives each row "
            "a place of its own, and the order has to say who comes first.",
        ),
        Twin(
            _two_maxima,
            "`max(category)` and `max(category_count)` are found one without the other: the last name in the alphabet, "
            "beside somebody else's count.",
        ),
        Twin(
            lambda counts: _ranked(counts, F.desc("category_count"), F.desc("category")),
            "The counts are right, and ties go to the last name in the alphabet. Leave out the second `desc`.",
        ),
        Twin(
            lambda counts: _ranked(counts, F.desc("category_count")),
            "Nothing in your order decides a tie, so whichever row comes first wins, and the next run may answer "
            'otherwise. Name what decides: `orderBy(F.desc("category_count"), "category")`.',
        ),
        Twin(
            lambda counts: _ranked(counts, "category_count", "category"),
            "The least popular ones: the order of a window is ascending unless you say `F.desc`.",
        ),
    ),
    hints=(
        "A window looks at the rows of one country side by side, and can number them.",
        "`Window.partitionBy('country').orderBy(…)`: by what, and in which direction? What decides a tie?",
        "`F.row_number().over(order)` as a new column; keep 1; drop the column.",
    ),
    more="With `rank` there would be a row for each of those who tie. When would that be the better answer?",
)

# --- task 5: the most popular category each year -------------------------------------------------------------------


def task_5(pin: DataFrame, geo: DataFrame) -> DataFrame:
    """Find `post_year`, `category`, `category_count` of each year's winner, 2018 to 2022; ties by the alphabet."""
    posts = pin.join(geo, "ind").withColumn("post_year", F.year("timestamp"))
    posts = posts.where("post_year BETWEEN 2018 AND 2022 AND category IS NOT NULL")
    counts = posts.groupBy("post_year", "category").agg(F.countDistinct("ind").alias("category_count"))
    order = Window.partitionBy("post_year").orderBy(F.desc("category_count"), "category")
    winners = counts.withColumn("rank", F.row_number().over(order)).where("rank = 1").drop("rank")
    return winners.orderBy("post_year")


def _posts_by_year(pin: DataFrame, geo: DataFrame, condition: str) -> DataFrame:
    posts = pin.join(geo, "ind").withColumn("post_year", F.year("timestamp")).dropna(subset=["category"])
    posts = posts.where(condition)
    return posts.groupBy("post_year", "category").agg(F.countDistinct("ind").alias("category_count"))


def _first_of_each(counts: DataFrame, group: str) -> DataFrame:
    return _ranked(counts, F.desc("category_count"), "category", group=group)


def _every_year(pin: DataFrame, geo: DataFrame) -> DataFrame:
    return _first_of_each(_posts_by_year(pin, geo, "post_year IS NOT NULL"), "post_year")


def _greatest_name(pin: DataFrame, geo: DataFrame) -> DataFrame:
    counts = _posts_by_year(pin, geo, "post_year BETWEEN 2018 AND 2022")
    return counts.groupBy("post_year").agg(F.max("category"), F.max("category_count")).toDF(*counts.columns)


def _all_categories(pin: DataFrame, geo: DataFrame) -> DataFrame:
    return _posts_by_year(pin, geo, "post_year BETWEEN 2018 AND 2022").orderBy(
        "post_year", F.desc("category_count"), "category"
    )


def _rows_counted(pin: DataFrame, geo: DataFrame) -> DataFrame:
    posts = pin.join(geo, "ind").withColumn("post_year", F.year("timestamp")).dropna(subset=["category"])
    posts = posts.where("post_year BETWEEN 2018 AND 2022").groupBy("post_year", "category")
    return _first_of_each(posts.agg(F.count("ind").alias("category_count")), "post_year")


def _last_year_left_out(pin: DataFrame, geo: DataFrame) -> DataFrame:
    return _first_of_each(_posts_by_year(pin, geo, "post_year >= 2018 AND post_year < 2022"), "post_year")


TASK_5 = Exercise(
    solution=task_5,
    evaluate=_rows_when_loaded_twice,
    twins=(
        Twin(_every_year, "Eight years came out. The question asks for 2018 to 2022 only: put the window in."),
        Twin(
            lambda pin, geo: _first_of_each(_posts_by_year(pin, geo, "TRUE"), "post_year"),
            "Eight years came out, and a row without a year, from posts whose time is not known. The question asks for "
            "2018 to 2022 only: a window leaves out both.",
        ),
        Twin(
            _greatest_name,
            "`max(category)` is the last name in the alphabet, not the name that belongs to the greatest count. Rank "
            "the rows of a year by their count, and keep the first.",
        ),
        Twin(_all_categories, "These are all categories of each year. Keep one a year: number them with a window."),
        Twin(
            _rows_counted,
            "You counted rows. Where a batch was loaded twice, as in the check, its posts count twice: "
            "`F.countDistinct('ind')` counts each once.",
        ),
        Twin(_last_year_left_out, "2022 is missing: `BETWEEN` includes both ends, `< 2022` leaves the last year out."),
    ),
    hints=(
        "Count the distinct `ind` of each year and category first, and look at that table.",
        "`Window.partitionBy('post_year').orderBy(F.desc('category_count'), 'category')` is the order within a year.",
        "`F.row_number().over(window)` numbers the rows; the winner has 1.",
    ),
    more="Two categories share the top of 2020. Who would have won with `rank` in the place of `row_number`?",
)

# --- task 6: the poster with the most followers in each country ----------------------------------------------------


def task_6(pin: DataFrame, geo: DataFrame) -> DataFrame:
    """Find `country`, `poster_name`, `follower_count` of each country's most followed poster; ties by the name."""
    posters = pin.join(geo, "ind").dropna(subset=["country", "poster_name", "follower_count"])
    order = Window.partitionBy("country").orderBy(F.desc("follower_count"), "poster_name")
    first = posters.withColumn("place", F.row_number().over(order)).where("place = 1")
    return first.select("country", "poster_name", "follower_count").orderBy("country")


def _posters(pin: DataFrame, geo: DataFrame) -> DataFrame:
    return pin.join(geo, "ind").select("country", "poster_name", "follower_count").dropna()


def _greatest_poster_name(posters: DataFrame) -> DataFrame:
    greatest = [F.max(name).alias(name) for name in ("poster_name", "follower_count")]
    return posters.groupBy("country").agg(*greatest)


def _every_post_of_the_first(pin: DataFrame, geo: DataFrame) -> DataFrame:
    return _ranked(_posters(pin, geo), F.desc("follower_count"), number=F.rank)


def _followers_added_up(pin: DataFrame, geo: DataFrame) -> DataFrame:
    added = _posters(pin, geo).groupBy("country", "poster_name").agg(F.sum("follower_count").alias("follower_count"))
    return _ranked(added, F.desc("follower_count"), "poster_name")


def _every_poster(pin: DataFrame, geo: DataFrame) -> DataFrame:
    return _posters(pin, geo).groupBy("country", "poster_name").agg(F.max("follower_count").alias("follower_count"))


_TWO_MAXIMA = (
    "Two `max` beside each other do not belong together: the name is the last one of the alphabet, the count is "
    "somebody else's."
)

TASK_6 = Exercise(
    solution=task_6,
    evaluate=_rows,
    twins=(
        Twin(lambda pin, geo: _greatest_poster_name(_posters(pin, geo)), _TWO_MAXIMA),
        Twin(
            lambda pin, geo: _greatest_poster_name(pin.join(geo, "ind")),
            f"{_TWO_MAXIMA} And the posts whose country is not known make a row of their own.",
        ),
        Twin(
            _every_post_of_the_first,
            "Some countries have several rows: with `rank`, posts with the same count share the first place. One row a "
            "country is asked for, a tie goes to the first name.",
        ),
        Twin(
            _followers_added_up,
            "You added up the counts of a poster's posts. Each says how many followers the poster had: the same "
            "people, counted again and again.",
        ),
        Twin(
            _every_poster,
            "That is each poster's greatest count. One row a country is missing: number them with a window.",
        ),
    ),
    hints=(
        "It is task 4 with another order: by `follower_count` instead of a count of rows.",
        "A count that is not known cannot win: `dropna(subset=[…])` before you number.",
        "`Window.partitionBy('country').orderBy(F.desc('follower_count'), 'poster_name')`, `F.row_number()`, keep 1.",
    ),
    more="The counts here belong to a post's poster. What would you need to name the person of `user_name` instead?",
)

# --- task 8: the most popular category of each age group -----------------------------------------------------------


def task_8(pin: DataFrame, user: DataFrame) -> DataFrame:
    """Find `age_group`, `category`, `category_count` of each group's winner: 18-24, 25-35, 36-50, +50."""
    group = (
        F.when(F.col("age").between(18, 24), "18-24")
        .when(F.col("age").between(25, 35), "25-35")
        .when(F.col("age").between(36, 50), "36-50")
        .when(F.col("age") > 50, "+50")
    )
    posts = pin.join(user, "ind").withColumn("age_group", group).dropna(subset=["age_group", "category"])
    counts = posts.groupBy("age_group", "category").agg(F.countDistinct("ind").alias("category_count"))
    order = Window.partitionBy("age_group").orderBy(F.desc("category_count"), "category")
    return counts.withColumn("rank", F.row_number().over(order)).where("rank = 1").drop("rank")


def _by_ends(pin: DataFrame, user: DataFrame, *last: int, first: int = 18, rest: str = "age > {}") -> DataFrame:
    """Answer task 8 with other last ages of the first three groups, a first age, or another condition for +50."""
    young, middle, old = last
    group = F.expr(
        f"CASE WHEN age BETWEEN {first} AND {young} THEN '18-24' "
        f"WHEN age BETWEEN {young + 1} AND {middle} THEN '25-35' "
        f"WHEN age BETWEEN {middle + 1} AND {old} THEN '36-50' WHEN {rest.format(old)} THEN '+50' END"
    )
    posts = pin.join(user, "ind").withColumn("age_group", group).dropna(subset=["age_group", "category"])
    counts = posts.groupBy("age_group", "category").agg(F.countDistinct("ind").alias("category_count"))
    return _first_of_each(counts, "age_group")


TASK_8 = Exercise(
    solution=task_8,
    evaluate=_rows,
    twins=(
        Twin(
            lambda pin, user: _by_ends(pin, user, 24, 35, 49),
            "Whoever is 50 is in +50 with you. The group before it is 36-50, so +50 begins at 51.",
        ),
        Twin(
            lambda pin, user: _by_ends(pin, user, 25, 35, 50),
            "Whoever is 25 is in 18-24 with you; it ends at 24, and 25 begins the next.",
        ),
        Twin(
            lambda pin, user: _by_ends(pin, user, 24, 35, 50, rest="TRUE"),
            "`otherwise('+50')` takes in everybody else: the twelve-year-olds, and those whose age nobody knows.",
        ),
        Twin(
            lambda pin, user: _by_ends(pin, user, 24, 35, 50, first=0),
            "18-24 has no lower end with you: whoever is under 18 belongs to no group.",
        ),
        Twin(
            lambda pin, user: _by_ends(pin, user, 24, 35, 50, first=0, rest="TRUE"),
            "Two groups are open: 18-24 takes in the twelve-year-olds, and `otherwise('+50')` those whose age nobody "
            "knows.",
        ),
    ),
    hints=(
        "`F.when(condition, value).when(…)` gives null where nothing fits, and that is what you want here.",
        "`between(18, 24)` includes both ends.",
        "Count posts by group and category, then number the rows of a group as in task 5.",
    ),
    more="Posts are counted here. What would you have to change to count each user once?",
)

# --- task 9: users who joined, by year -----------------------------------------------------------------------------


def task_9(user: DataFrame) -> DataFrame:
    """Count the users who joined in each year: `post_year`, `number_users_joined`, 2015 to 2020."""
    joined = user.withColumn("post_year", F.year("date_joined")).where("post_year BETWEEN 2015 AND 2020")
    people = joined.select("post_year", "user_name", "age", "date_joined").distinct()
    return people.groupBy("post_year").agg(F.count("*").alias("number_users_joined")).orderBy("post_year")


def _posts_joined(user: DataFrame) -> DataFrame:
    return analytics.users_joined_by_year(user, per="post")


def _names_joined(user: DataFrame) -> DataFrame:
    return analytics.users_joined_by_year(user, per="name")


def _unknown_age_left_out(user: DataFrame) -> DataFrame:
    joined = user.withColumn("post_year", F.year("date_joined")).where("post_year BETWEEN 2015 AND 2020")
    users = F.countDistinct("user_name", "age", "date_joined").alias("number_users_joined")
    return joined.groupBy("post_year").agg(users)


def _last_day_left_out(user: DataFrame) -> DataFrame:
    return analytics.users_joined_by_year(user.where("date_joined <= '2020-12-31'"))


TASK_9 = Exercise(
    solution=task_9,
    evaluate=_rows,
    twins=(
        Twin(
            _posts_joined,
            "You counted posts: who posts a hundred times is counted a hundred times. Count distinct people.",
        ),
        Twin(
            _names_joined,
            "You counted names, and some people share one. A person is a name, an age and a joining time together.",
        ),
        Twin(
            _unknown_age_left_out,
            "`countDistinct` of several columns passes over a row in which one of them is null, so users of unknown "
            "age are missing. `select` the columns, `distinct()`, then count the rows.",
        ),
        Twin(
            _last_day_left_out,
            "`<= '2020-12-31'` means the first moment of that day, so whoever joined later that day is lost. Compare "
            "the year, or write `< '2021-01-01'`.",
        ),
    ),
    hints=(
        "The table has one row a post. Whose row is it? Several rows belong to one user.",
        "`select(…).distinct()` on what makes a person, together with the year, before you count.",
        "The window is of years: `F.year('date_joined')` between 2015 and 2020.",
    ),
    more="2016 has the most users. Which year has the most a day, if nobody joined before 20 October 2015?",
)

# --- task 10: the median follower count by joining year ------------------------------------------------------------


def task_10(pin: DataFrame, user: DataFrame) -> DataFrame:
    """Find the exact median of the users' follower counts: `post_year`, `median_follower_count`, 2015 to 2020."""
    person = ["user_name", "age", "date_joined"]
    figures = pin.join(user, "ind").groupBy(*person).agg(F.max("follower_count").alias("followers"))
    figures = figures.withColumn("post_year", F.year("date_joined")).where("post_year BETWEEN 2015 AND 2020")
    medians = figures.groupBy("post_year").agg(F.median("followers").alias("median_follower_count"))
    return medians.orderBy("post_year")


def _per_post(pin: DataFrame, user: DataFrame) -> DataFrame:
    return analytics.median_followers_by_joining_year(pin, user, per="post")


def _figures(pin: DataFrame, user: DataFrame) -> DataFrame:
    greatest = F.max("follower_count").alias("followers")
    figures = pin.join(user, "ind").groupBy("user_name", "age", "date_joined").agg(greatest)
    return figures.withColumn("post_year", F.year("date_joined")).where("post_year BETWEEN 2015 AND 2020")


def _approximate(pin: DataFrame, user: DataFrame) -> DataFrame:
    middle = F.percentile_approx("followers", 0.5).cast("double").alias("median_follower_count")
    return _figures(pin, user).groupBy("post_year").agg(middle)


def _mean(pin: DataFrame, user: DataFrame) -> DataFrame:
    return _figures(pin, user).groupBy("post_year").agg(F.avg("followers").alias("median_follower_count"))


TASK_10 = Exercise(
    solution=task_10,
    evaluate=_rows,
    twins=(
        Twin(
            _per_post,
            "Every post has a say with you, so whoever posts often weighs more, and they have more followers. Take one "
            "figure a user first.",
        ),
        Twin(
            _approximate,
            "`percentile_approx` returns an element of the data. With an even number of users the median lies between "
            "two of them: see 2020. `F.median` is exact.",
        ),
        Twin(_mean, "That is the mean. A single account of millions moves it, and hardly moves the median."),
    ),
    hints=(
        "Two steps: one figure a user, then the median of each year.",
        "A user's count drifts a little between posts: take the greatest, `F.max`, grouped by what makes a person.",
        "The year is that of `date_joined`, not of a post. `F.median` is the exact median.",
    ),
    more="How many users stand behind the median of 2018? Look at task 9 before you believe it.",
)

# --- task 11: the same, within the age groups ----------------------------------------------------------------------


def task_11(pin: DataFrame, user: DataFrame) -> DataFrame:
    """Find the exact median of the users' follower counts: `age_group`, `post_year`, `median_follower_count`."""
    person = ["user_name", "age", "date_joined"]
    figures = pin.join(user, "ind").groupBy(*person).agg(F.max("follower_count").alias("followers"))
    figures = figures.withColumn("post_year", F.year("date_joined")).where("post_year BETWEEN 2015 AND 2020")
    figures = figures.withColumn("age_group", analytics.age_group(F.col("age")))
    figures = figures.dropna(subset=["age_group", "followers"])
    medians = figures.groupBy("age_group", "post_year").agg(F.median("followers").alias("median_follower_count"))
    return medians.orderBy("age_group", "post_year")


def _grouped(figures: DataFrame, middle: Column) -> DataFrame:
    groups = figures.withColumn("age_group", analytics.age_group(F.col("age")))
    return groups.groupBy("age_group", "post_year").agg(middle.alias("median_follower_count"))


def _known_figures(pin: DataFrame, user: DataFrame) -> DataFrame:
    return _figures(pin, user).dropna(subset=["followers"])


TASK_11 = Exercise(
    solution=task_11,
    evaluate=_rows,
    twins=(
        Twin(
            lambda pin, user: analytics.median_followers_by_joining_year_and_age_group(pin, user, per="post"),
            "Every post has a say with you. As in task 10: one figure a user first, the greatest of the user's posts.",
        ),
        Twin(
            lambda pin, user: _grouped(_known_figures(pin, user), F.median("followers")),
            "There is a group without a name among yours: those under 18, and those whose age nobody knows. They "
            "belong to none; `dropna(subset=['age_group'])`.",
        ),
        Twin(
            lambda pin, user: _grouped(_known_figures(pin, user), F.avg("followers")).dropna(subset=["age_group"]),
            "That is the mean. In a group of three users a single account of millions makes it whatever it likes.",
        ),
    ),
    hints=(
        "Task 10 with one more column to group by.",
        "`analytics.age_group(F.col('age'))` names the group, as your `when` of task 8 does; it is null for the young.",
        "Group by `age_group` and `post_year`; the columns come in that order, then the median.",
    ),
    more="Which of these medians stand on fewer than five users? The picture below leaves those out.",
)

QUIZ = (
    Question(
        "Why does a post without a follower count take part in task 4?",
        (
            ("The window fills it in.", "A window numbers rows; it makes no values."),
            ("Its country and category are known, and the question needs no more.", None),
            ("It doesn't: `dropna` has removed it.", "Look at the columns that were named there: not the count."),
        ),
    ),
    Question(
        "Why does no answer change when the same batch is loaded twice?",
        (
            ("Posts are counted by distinct `ind`, and users as distinct people.", None),
            ("Delta refuses a batch that it has seen.", "It does not look into what you write; you could append it."),
            ("Spark remembers the files it has read.", "A query reads what is there, each time."),
        ),
    ),
    Question(
        "What would `percentile_approx` do to task 10?",
        (
            ("Give the mean.", "It has nothing to do with the mean."),
            ("Be exact, only slower.", "It is quicker, and exact only by luck."),
            ("Return an element of the data near the middle: not the mean of the two in the middle.", None),
        ),
    ),
)

LESSON = Lesson(
    {1: WINNERS, 2: TASK_5, 3: TASK_6, 4: TASK_8, 5: TASK_9, 6: TASK_10, 7: TASK_11},
    {
        1: {
            "18-24": "That group has the most posts, 5,129: few users, who post a lot.",
            "25-35": "It comes second. Its range of ages is narrower than the next one's.",
            "+50": "The widest range of ages, and the fewest users: the ages here are made so that the old are few.",
        },
    },
    QUIZ,
)
check, hint, solution, predict = LESSON.check, LESSON.hint, LESSON.solution, LESSON.predict
questions, quiz = LESSON.questions, LESSON.quiz
"""What the notebook calls."""
