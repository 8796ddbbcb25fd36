"""What the pages of a site have in common, and what that says about the blocks of one of them.

page -> marks -> profile (a sample of the site's pages) -> evidence -> probabilities
"""

from classifier.site.profile import MAX_PAGES, SiteProfile, merge_profiles

__all__ = ["MAX_PAGES", "SiteProfile", "merge_profiles"]
