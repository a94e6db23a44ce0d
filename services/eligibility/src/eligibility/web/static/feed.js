// Keeps the live list short and without repetitions, however long the page stays open.
const LONGEST = 60;
document.addEventListener("htmx:sse:after:message", () => {
  const list = document.getElementById("aliran");
  document.getElementById("belum")?.remove();
  const known = new Set();
  for (const entry of [...list.children]) {
    if (known.has(entry.id) || known.size >= LONGEST) entry.remove();
    known.add(entry.id);
  }
});
// The session has ended: the page asked anew leads to the login, the stream would be refused for ever.
document.addEventListener("htmx:sse:error", (event) => {
  if (event.detail.status === 401) location.reload();
});
