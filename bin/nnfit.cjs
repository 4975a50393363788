#!/usr/bin/env node
require("node:module").enableCompileCache?.(); // where Node has it, from 22.8 on: starts a quarter faster
require("../dist/bundle/main.cjs").main(process.argv);
