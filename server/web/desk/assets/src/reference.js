import "./reference.css";
import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle.js";

const place = document.querySelector("#reference");
const dark = window.matchMedia("(prefers-color-scheme: dark)");

/** Swagger UI is dark under this class. */
function follow() {
  document.documentElement.classList.toggle("dark-mode", dark.matches);
}

follow();
dark.addEventListener("change", follow);

// Only what reads can be tried: what writes would write to what is kept here.
SwaggerUI({
  domNode: place,
  url: place.dataset.url,
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  defaultModelsExpandDepth: -1,
  showExtensions: true,
  supportedSubmitMethods: ["get"],
  validatorUrl: null,
  onComplete: () => place.removeAttribute("aria-busy"),
});
