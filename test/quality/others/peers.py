"""What people run instead, with its defaults, on the tables that tables.R writes; makes DIR/README.md, which `npm run
quality -- --tables DIR --seeds 0` reads.

    apt-get install python3-pandas python3-sklearn python3-xgboost
    python3 test/quality/others/peers.py DIR

Numbers are imputed by the median and standardised, categories one-hot (ordinal for boosting), dates days, weekdays and months.
"""

import sys
import warnings

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelEncoder, OneHotEncoder, OrdinalEncoder, StandardScaler
from xgboost import XGBClassifier, XGBRegressor

warnings.filterwarnings("ignore")
WIDE = {"hidden_layer_sizes": (256, 256, 256), "early_stopping": True}
PEERS = {
    "linear": ("one-hot", lambda: RidgeCV(np.logspace(-3, 3, 13)), lambda: LogisticRegression(max_iter=1000)),
    "sk_mlp": ("one-hot", lambda: MLPRegressor(random_state=0), lambda: MLPClassifier(random_state=0)),
    "sk_mlp_256x3_es": (
        "one-hot",
        lambda: MLPRegressor(random_state=0, **WIDE),
        lambda: MLPClassifier(random_state=0, **WIDE),
    ),
    "hgb": (
        "ordinal",
        lambda: HistGradientBoostingRegressor(random_state=0),
        lambda: HistGradientBoostingClassifier(random_state=0),
    ),
    "xgb": ("ordinal", XGBRegressor, XGBClassifier),
    "rf": ("one-hot", lambda: RandomForestRegressor(random_state=0), lambda: RandomForestClassifier(random_state=0)),
}


def read(path, target):
    table = pd.read_csv(path, keep_default_na=False, na_values=[""], dtype={target: str})
    y = table.pop(target)
    for name in [name for name in table if table[name].dtype == object]:
        if table[name].str.fullmatch(r"\d{4}-\d\d-\d\d").all():
            date = pd.to_datetime(table[name])
            table[name] = (date - pd.Timestamp(0)).dt.days
            table[name + " weekday"], table[name + " month"] = date.dt.dayofweek, date.dt.month
    return table, y


def inputs(kind, train):
    categories = [name for name in train if train[name].dtype in (object, bool)]
    numbers = [name for name in train if name not in categories]
    missing = SimpleImputer(strategy="constant", fill_value="missing")
    if kind == "ordinal":
        codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
        return make_column_transformer(("passthrough", numbers), (make_pipeline(missing, codes), categories))
    scaled = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    places = OneHotEncoder(handle_unknown="ignore", sparse=False)
    return make_column_transformer((scaled, numbers), (make_pipeline(missing, places), categories))


def scores(folder, target, task):
    (train, y), (test, truth) = (read(f"{folder}/0/{part}.csv", target) for part in ("train", "test"))
    for name in train:
        if train[name].dtype in (object, bool):
            train[name], test[name] = (
                part[name].map(lambda cell: cell if pd.isna(cell) else str(cell)).astype(object) for part in (train, test)
            )
    for name, (kind, regressor, classifier) in PEERS.items():
        transform = inputs(kind, train).fit(train)
        X, X_test = transform.transform(train), transform.transform(test)
        if task == "regression":
            known = y.astype(float)
            center, scale = known.mean(), known.std()
            model = regressor().fit(X, (known - center) / scale)
            errors = model.predict(X_test) * scale + center - truth.astype(float)
            yield name, np.sqrt(np.mean(errors**2)) / truth.astype(float).std(), None
        else:
            labels = LabelEncoder().fit(y)
            probabilities = classifier().fit(X, labels.transform(y)).predict_proba(X_test)
            known = labels.transform(truth)
            loss = log_loss(known, np.clip(probabilities, 1e-15, 1), labels=range(len(labels.classes_)))
            yield name, np.mean(probabilities.argmax(1) != known), loss


def block(header, rows):
    line = lambda cells: f"| {' | '.join(cells)} |"
    return "\n".join([line(header), "|" + "---|" * len(header), *map(line, rows)])


directory = sys.argv[1]
tables = pd.read_csv(f"{directory}/tables.csv")
errors, losses = [], []
for name, target, task in zip(tables.table, tables.target, tables.task):
    found = list(scores(f"{directory}/{name}", target, task))
    print(name, *(f"{peer} {error:.4f}" for peer, error, _ in found), flush=True)
    errors.append([name, *(f"{error:.4f}" for _, error, _ in found)])
    if task == "classification":
        losses.append([name, *(f"{loss:.4f}" for _, _, loss in found)])
about = block(["table", "target"], zip(tables.table, tables.target))
with open(f"{directory}/README.md", "w") as readme:
    readme.write("\n\n".join([about, block(["table", *PEERS], errors), block(["table", *PEERS], losses)]) + "\n")
