// A link or QR picture carries the code behind `#`, which no server or log sees. Here it goes into the form and out of
// the address bar and history.

function take() {
  const code = decodeURIComponent(location.hash.slice(1));
  const field = document.getElementById("code");
  if (!code || document.getElementById(code) || !(field instanceof HTMLInputElement)) return; // a place on the page
  history.replaceState(null, "", location.pathname);
  field.value = code;
  field.form?.requestSubmit();
}

addEventListener("hashchange", take); // a link opened while this page is shown does not load it again
take();
