// Fills in where the browser is, in place of a postal code. Rounded to about a kilometre, which is all the search needs,
// and posted, so that it stands in no address and no log.

const DEGREES = 2; // decimals

const form = document.getElementById("position");
const search = document.querySelector("form[role=search]");

/** @param {GeolocationPosition} position */
function go({ coords }) {
  const said = new FormData(search);
  said.delete("where");
  said.set("lat", coords.latitude.toFixed(DEGREES));
  said.set("lon", coords.longitude.toFixed(DEGREES));
  form.querySelectorAll("input").forEach((input) => input.remove());
  for (const [name, value] of said) {
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name, value });
    form.append(input);
  }
  form.submit();
}

function ask(event) {
  event.preventDefault();
  const status = form.querySelector("[role=status]");
  status.textContent = status.dataset.searching;
  const failed = () => (status.textContent = status.dataset.failed);
  navigator.geolocation.getCurrentPosition(go, failed, { timeout: 15_000, maximumAge: 600_000 });
}

if (form instanceof HTMLFormElement && search instanceof HTMLFormElement && navigator.geolocation) {
  form.hidden = false;
  form.addEventListener("submit", ask);
  addEventListener("pageshow", () => (form.querySelector("[role=status]").textContent = "")); // back from the results
}
