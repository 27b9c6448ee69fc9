/* Starts the application; a file of its own, so that the page has no inline script. */
var renderer = new DashRenderer();
