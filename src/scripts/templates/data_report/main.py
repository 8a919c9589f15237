# /// script
# dependencies = [
#     "pandas>=2.2",
#     "matplotlib>=3.9",
# ]
# ///
"""Reads data/sales.csv and leaves a table and a chart with the run."""

import os
from pathlib import Path

import matplotlib

matplotlib.use("Agg")  # there is no screen here

import matplotlib.pyplot as plt  # noqa: E402
import pandas as pd  # noqa: E402

SOURCE = Path(__file__).parent / "data" / "sales.csv"
OUTPUT = Path(os.environ.get("PYTASK_ARTIFACTS", "."))


def main() -> None:
    sales = pd.read_csv(SOURCE, parse_dates=["date"])
    sales["revenue"] = sales["units"] * sales["price"]
    by_month = (
        sales.assign(month=sales["date"].dt.to_period("M").astype(str))
        .pivot_table(index="month", columns="product", values="revenue", aggfunc="sum")
        .fillna(0)
    )
    print(by_month.round(2).to_string())

    by_month.round(2).to_csv(OUTPUT / "revenue.csv")
    axes = by_month.plot(kind="bar", stacked=True, figsize=(9, 5), rot=0)
    axes.set(title="Revenue by month", xlabel="", ylabel="Revenue")
    axes.figure.tight_layout()
    axes.figure.savefig(OUTPUT / "revenue.png", dpi=150)
    plt.close(axes.figure)

    best = by_month.sum().idxmax()
    print(f"\nBest product: {best}")


if __name__ == "__main__":
    main()
