"""The pictures of the eight answers: what each shows, the finding in its title, and its description in words."""

import pandas as pd

from helpers.notebook import plots

FEW = 30
"""Groups of fewer users are drawn in grey."""

WINDOW = ("2015-10-20", "2017-10-20", "20 October 2015 to 20 October 2017")
"""First and last day on which nearly all users of the data joined."""


def won_countries(wins: pd.DataFrame) -> None:
    """Show in how many countries each category wins, and how often the alphabet decided.

    Parameters
    ----------
    wins : DataFrame
        `category`, `outright`, `by_alphabet` (countries), one row a category.
    """
    wins = wins.sort_values(["outright", "category"], ascending=[False, True], ignore_index=True)
    ties = wins["by_alphabet"].sum()
    title = f"The alphabet decided in {ties} of {ties + wins['outright'].sum()} countries"
    parts = {"outright": "more posts than any other", "by_alphabet": "a tie, decided by the alphabet"}
    chart = plots.split_bars(wins, "category", parts, title, "countries in which a category has most posts")
    won = ", ".join(f"{row.category} {row.outright} and {row.by_alphabet}" for row in wins.itertuples())
    plots.show(chart, f"Bars of won countries by category, outright and by the alphabet: {won}.")


def shares_by_year(counts: pd.DataFrame) -> None:
    """Show each category's share of a year's posts as a grid.

    Parameters
    ----------
    counts : DataFrame
        `post_year`, `category`, `category_count` (posts), one row a year and category.
    """
    posts = counts["category_count"]
    counts = counts.assign(
        share=100 * posts / counts.groupby("post_year")["category_count"].transform("sum"),
        greatest=posts == counts.groupby("post_year")["category_count"].transform("max"),
        total=counts.groupby("category")["category_count"].transform("sum"),
    ).sort_values(["total", "category", "post_year"], ascending=[False, True, True])
    title = f"No category has more than {counts['share'].max():.1f} % of a year's posts"
    unit = "% of the year's posts; bold: most, =: shared by two; 2022 ends on 18 October"
    chart = plots.heatmap(counts, "category", "post_year", "share", title, unit)
    named = counts[counts["greatest"]].sort_values("category").groupby("post_year")["category"].agg(" and ".join)
    named = ", ".join(f"{year} {name}" for year, name in named.items())
    plots.show(chart, f"A grid of each category's share of a year's posts, darker for more. Most posts: {named}.")


def joining_months(monthly: pd.DataFrame) -> None:
    """Show the users who joined in each month, and the two years in which nearly all did.

    Parameters
    ----------
    monthly : DataFrame
        `month` (its first day), `count` (users), `inside` (of those, users who joined within `WINDOW`).
    """
    title = f"{monthly['inside'].sum() / monthly['count'].sum():.1%} of these users joined within two years"
    chart = plots.months(monthly, "month", "count", title, "users who joined in a month", WINDOW)
    peak = monthly.loc[monthly["count"].idxmax()]
    plots.show(chart, f"Columns of new users by month, {title}; most in {peak['month']:%B %Y}, {peak['count']}.")


def medians_by_year(spread: pd.DataFrame) -> None:
    """Show the median and the middle half of the users' follower counts, by joining year.

    Parameters
    ----------
    spread : DataFrame
        As `helpers.analytics.follower_spread` gives it, by `post_year`.
    """
    medians = {row.post_year: f"{row.median:,.0f}" for row in spread.itertuples()}
    title = f"The median falls from {medians[2015]} to {medians[2017]}; later years have a handful of users"
    chart = plots.ranges(spread, "post_year", title, "followers; bar: the middle half of the users", FEW)
    named = ", ".join(f"{year} {median}" for year, median in medians.items())
    plots.show(chart, f"The median and the middle half of follower counts by joining year. Medians: {named}.")


def medians_by_year_and_age(spread: pd.DataFrame, groups: list[str]) -> None:
    """Show a line an age group: the median of the users' follower counts by joining year.

    Parameters
    ----------
    spread : DataFrame
        As `helpers.analytics.follower_spread` gives it, by `age_group` and `post_year`.
    groups : list of str
        The age groups, in the order of their colours.
    """
    pairs = spread.pivot(index="age_group", columns="post_year", values="median").loc[groups]
    title = f"From 2015 to 2016 the median falls in {(pairs[2015] > pairs[2016]).sum()} of {len(pairs)} age groups"
    unit = "median followers; dot: number of users"
    chart = plots.lines(spread, "post_year", "median", "age_group", title, unit, groups, size="users")
    ends = ", ".join(f"{group} {pairs.loc[group, 2015]:,.0f}" for group in groups)
    plots.show(chart, f"A line an age group: the median by joining year, five users or more a point; in 2015 {ends}.")
