"""From labelled pictures of many sources to one training set: `python -m triton_models dataset RECIPE.toml OUT`.

In: a TOML file of sources (`recipe`) in YOLO, COCO or Pascal VOC form, videos, rendered exams. Out: pictures and
labels as Ultralytics reads them, `manifest.json`, `pictures.csv` and a balance report. A picture whose labels cannot
be trusted is left out and named; a recipe that cannot be used stops everything with InputError.
"""
