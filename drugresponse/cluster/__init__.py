"""A Dask cluster: reached or started, proved to run this package, and given data once for each worker."""
