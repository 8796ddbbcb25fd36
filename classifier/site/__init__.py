"""What the pages of a site have in common, and what that says about the blocks of one of them.

page -> marks -> profile (a sample of the site's pages) -> evidence -> probabilities
"""

from classifier.site.profile import SiteProfile, merge_profiles

__all__ = ["SiteProfile", "merge_profiles"]
