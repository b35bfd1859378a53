import { createApp } from "vue";
import App from "./App.vue";
import { begin } from "./state.js";
import { watchWorker } from "./worker.js";
import "./phone.css";

createApp(App).mount("#app");
void begin();
void watchWorker();
