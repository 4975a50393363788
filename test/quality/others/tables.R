# Tables of R packages, by which nothing of the presets was chosen but the bends of embeddings: each split at random, four fifths to
# train on and one fifth to test on, as DIR/<table>/0/train.csv and test.csv, and a list of them in DIR/tables.csv.
#
#   apt-get install r-base-core r-cran-{aer,cardata,dplyr,kernlab,mlbench,modeldata,survival}
#   Rscript test/quality/others/tables.R DIR

dir <- commandArgs(TRUE)[1]
rows <- function(package, name, target, without = c()) {
  env <- new.env()
  suppressWarnings(data(list = name, package = package, envir = env))
  found <- if (exists(name, envir = env, inherits = FALSE)) get(name, envir = env) else getExportedValue(package, name)
  table <- as.data.frame(found)
  table <- table[!is.na(table[[target]]), setdiff(names(table), without)]
  set.seed(1)
  test <- sample(nrow(table), nrow(table) %/% 5)
  to <- file.path(dir, name, "0")
  dir.create(to, recursive = TRUE, showWarnings = FALSE)
  write.csv(table[test, ], file.path(to, "test.csv"), row.names = FALSE, na = "")
  write.csv(table[-test, ], file.path(to, "train.csv"), row.names = FALSE, na = "")
  task <- if (is.numeric(table[[target]])) "regression" else "classification"
  data.frame(table = name, target = target, task = task, rows = nrow(table), package = package)
}

list <- rbind(
  rows("modeldata", "concrete", "compressive_strength"),
  rows("modeldata", "ames", "Sale_Price"),
  rows("modeldata", "car_prices", "Price"),
  rows("modeldata", "Sacramento", "price"),
  rows("modeldata", "check_times", "check_time", "package"),
  rows("modeldata", "Chicago", "ridership"),
  rows("modeldata", "stackoverflow", "Salary"),
  rows("AER", "CPS1988", "wage"),
  rows("AER", "NMES1988", "visits"),
  rows("survival", "solder", "skips"),
  rows("survival", "flchain", "futime", c("death", "chapter")),
  rows("dplyr", "storms", "pressure", "name"),
  rows("datasets", "quakes", "mag"),
  rows("modeldata", "attrition", "Attrition"),
  rows("modeldata", "cells", "class", "case"),
  rows("modeldata", "credit_data", "Status"),
  rows("modeldata", "wa_churn", "churn"),
  rows("modeldata", "mlc_churn", "churn"),
  rows("modeldata", "hpc_data", "class"),
  rows("modeldata", "lending_club", "Class"),
  rows("mlbench", "DNA", "Class"),
  rows("mlbench", "LetterRecognition", "lettr"),
  rows("carData", "TitanicSurvival", "survived"),
  rows("kernlab", "income", "INCOME"),
  rows("kernlab", "ticdata", "CARAVAN"),
  rows("AER", "HMDA", "deny")
)
write.csv(list, file.path(dir, "tables.csv"), row.names = FALSE)
