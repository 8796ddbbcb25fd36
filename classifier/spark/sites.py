"""Profiles of sites in Spark: one aggregation by site, and one join."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from classifier.batch.arrow import SITE_PROFILE, RowMaker
from classifier.batch.records import text_of
from classifier.batch.sites import site_of
from classifier.site import MAX_PAGES, merge_profiles

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

__all__ = ["site_profiles", "with_profiles"]

# A name that no table of pages has.
_SITE: Final = "declutter_site"


def site_profiles(df: "DataFrame", maker: RowMaker) -> "DataFrame":
    """The profiles of all sites that have several pages: `site`, and `site_profile` as bytes.

    Each page gives a row of some 3 kB. Spark itself keeps, of each site, those with the lowest fingerprints,
    on both sides of the shuffle, so that no process holds more of a site than its profile.

    Args:
        df: pages, as for `classify`, with a column for their addresses.
        maker: as for `classify`.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    def sketched(batches: Iterator["pa.RecordBatch"]) -> Iterator["pa.RecordBatch"]:
        return map(maker.sketches, batches)

    sketches = df.mapInArrow(sketched, "site STRING, fingerprint BINARY, profile BINARY")
    rank = F.dense_rank().over(Window.partitionBy("site").orderBy("fingerprint"))
    kept = sketches.withColumn("rank", rank).filter(F.col("rank") <= MAX_PAGES)
    pages = kept.groupBy("site").agg(F.collect_set("profile").alias("pages"))
    return pages.filter(F.size("pages") > 1).mapInArrow(_merged, f"site STRING, {SITE_PROFILE} BINARY")


def _merged(batches: Iterator["pa.RecordBatch"]) -> Iterator["pa.RecordBatch"]:
    import pyarrow as pa

    for batch in batches:
        profiles = [merge_profiles(pages) for pages in batch.column("pages").to_pylist()]
        columns = {"site": batch.column("site"), SITE_PROFILE: pa.array(profiles, pa.binary())}
        yield pa.RecordBatch.from_pydict(columns)


def _site(address: object) -> str | None:
    return site_of(text_of(address))


def with_profiles(df: "DataFrame", maker: RowMaker) -> "DataFrame":
    """The pages, each with the profile of its site, or null, in a column `site_profile`.

    Args:
        df: as for `site_profiles`; it is read twice.

    Raises:
        ValueError: it has no column for the addresses.
    """
    from pyspark.sql import functions as F

    address = maker.url_column(df.columns)
    if address not in df.columns:
        raise ValueError(
            f"there is no column {address!r} with the pages' addresses among {df.columns}: say which it is"
        )
    site = F.udf(_site, "string", useArrow=False)(F.col(address))
    profiles = site_profiles(df, maker).withColumnRenamed("site", _SITE)
    return df.withColumn(_SITE, site).join(profiles, _SITE, "left").drop(_SITE)
