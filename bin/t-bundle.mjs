import { main } from "../dist/bundle/main.js";

await main(process.argv);
