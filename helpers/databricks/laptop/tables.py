"""A table as a page shows it: no index that is no data, text to the left, thousands separated."""

import hashlib

import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

IDENTIFIERS = ("ind", "index", "age")
"""Numbers that are read as they are, like every column whose name ends in ``year``: 2018, not 2,018."""

DECIMALS = 4
"""After the point, at most."""


def written(table: pd.DataFrame) -> pd.DataFrame:
    """Write every value of a table as text.

    Parameters
    ----------
    table : DataFrame
        As Spark hands it over.

    Returns
    -------
    DataFrame
        The same columns; a missing value is "null".
    """
    return pd.DataFrame({name: _texts(table[name]) for name in table.columns}, dtype=str)


def page(table: pd.DataFrame) -> dict[str, str]:
    """Make the forms in which a table is shown: MIME type → content, the same for the same table."""
    texts = written(table)
    plain = texts.to_string(index=False)
    numbers = [name for name in table.columns if _is_number(table[name])]
    styled = texts.style.hide(axis="index").set_uuid(hashlib.sha256(plain.encode()).hexdigest()[:8])
    for columns, side in ((texts.columns.difference(numbers), "left"), (numbers, "right")):
        styled = styled.set_properties(subset=list(columns), **{"text-align": side})
        styled = styled.apply_index(lambda names, c=columns, s=side: _aligned(names, c, s), axis="columns")
    return {"text/html": styled.to_html(), "text/plain": plain}


def _aligned(names: pd.Series, columns: object, side: str) -> list[str]:
    return [f"text-align: {side}" if name in columns else "" for name in names]


def _is_number(column: pd.Series) -> bool:
    return is_numeric_dtype(column) and not is_bool_dtype(column)


def _texts(column: pd.Series) -> list[str]:
    separated = not (column.name in IDENTIFIERS or str(column.name).endswith("year"))
    write = (lambda number: _number(number, separated)) if _is_number(column) else str
    return ["null" if missing else write(value) for value, missing in zip(column, column.isna(), strict=True)]


def _number(number: float, separated: bool) -> str:
    text = f"{number:,.{DECIMALS}f}".rstrip("0").rstrip(".")
    return text if separated else text.replace(",", "")
