// Free times of another service or day are shown as soon as it is chosen. Without this script a button does it.

const times = document.getElementById("times");

for (const chosen of document.querySelectorAll("[data-times]")) chosen.addEventListener("change", show);

async function show() {
  const form = new FormData(/** @type {HTMLFormElement} */ (times?.closest("form")));
  const address = new URL("/practice/book", location.href);
  address.searchParams.set("fragment", "1");
  address.searchParams.set("choice", `${form.get("choice")}`);
  address.searchParams.set("day", `${form.get("day")}`);
  const response = await fetch(address).catch(() => null);
  if (response?.ok && !response.redirected && times) times.innerHTML = await response.text();
}
