// The API, described and tried from the page: Swagger UI, served from here.

window.SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#api",
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  validatorUrl: null, // it would send the document to another host
  persistAuthorization: false,
  syntaxHighlight: { theme: "idea" },
});
