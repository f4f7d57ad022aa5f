"""One rule per file, named as users see it; `lint.catalog` lists them."""
