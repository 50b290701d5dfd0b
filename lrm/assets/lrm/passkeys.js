// Passkeys, of which only a browser can ask. A button says what it is for, and its form takes the
// answer to us like any other field.
(function () {
  "use strict";

  const WORDS = {
    get: {
      AbortError: "No passkey was used: it was cancelled.",
      NotAllowedError:
        "No passkey was used: it was cancelled, took too long, or this device has none of yours. "
        + "Try again, or enter a code.",
      SecurityError: "The browser does not allow passkeys at this address. Enter a code.",
      "": "The browser could not use a passkey. Try again, or enter a code.",
    },
    create: {
      AbortError: "No passkey was made: it was cancelled.",
      InvalidStateError: "This device has a passkey of your account already. Choose another.",
      NotAllowedError: "No passkey was made: it was cancelled or took too long. Try again.",
      NotSupportedError: "This device cannot make a passkey that works here. Choose another.",
      SecurityError: "The browser does not allow passkeys at this address.",
      "": "The browser could not make a passkey. Try again, or on another device.",
    },
  };
  const UNKNOWN = "This browser knows no passkeys. ";
  const INSTEAD = {
    get: "Enter a code, which may be a recovery code, or use another browser.",
    create: "Use another one, or set up an authenticator app.",
  };

  // --- Bytes as text, for browsers that do not translate themselves -------------------------

  function bytesOf(text) {
    const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(plain, (one) => one.charCodeAt(0));
  }

  function textOf(buffer) {
    const plain = String.fromCharCode(...new Uint8Array(buffer));
    return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  }

  function named(credentials) {
    return (credentials || []).map((one) => ({ ...one, id: bytesOf(one.id) }));
  }

  function toGet(options) {
    if (PublicKeyCredential.parseRequestOptionsFromJSON) {
      return PublicKeyCredential.parseRequestOptionsFromJSON(options);
    }
    const allowCredentials = named(options.allowCredentials);
    return { ...options, challenge: bytesOf(options.challenge), allowCredentials };
  }

  function toCreate(options) {
    if (PublicKeyCredential.parseCreationOptionsFromJSON) {
      return PublicKeyCredential.parseCreationOptionsFromJSON(options);
    }
    return {
      ...options,
      challenge: bytesOf(options.challenge),
      user: { ...options.user, id: bytesOf(options.user.id) },
      excludeCredentials: named(options.excludeCredentials),
    };
  }

  function asText(credential) {
    const { id, rawId, type, response } = credential;
    const said = { clientDataJSON: textOf(response.clientDataJSON) };
    if (response.attestationObject) {
      said.attestationObject = textOf(response.attestationObject);
      said.transports = response.getTransports ? response.getTransports() : [];
    } else {
      said.authenticatorData = textOf(response.authenticatorData);
      said.signature = textOf(response.signature);
    }
    return JSON.stringify({ id, rawId: textOf(rawId), type, response: said });
  }

  // --- One button ---------------------------------------------------------------------------

  function say(button, words, isWrong) {
    const said = button.form.querySelector("[data-passkey-said]");
    said.textContent = words;
    said.classList.toggle("wrong", isWrong);
  }

  function goOn(button) {
    if (!button.hasAttribute("data-stays")) return button.form.submit();
    say(button, "Your passkey was read. Go on below within five minutes.", false);
    const password = button.form.elements.password;
    const next = password && !password.value ? password : button.form.querySelector("[type=submit]");
    next.focus();
  }

  async function ask(button) {
    const kind = button.dataset.passkey;
    const options = JSON.parse(button.dataset.options);
    say(button, "", false);
    button.disabled = true;
    try {
      const credential = kind === "get"
        ? await navigator.credentials.get({ publicKey: toGet(options) })
        : await navigator.credentials.create({ publicKey: toCreate(options) });
      button.form.elements.passkey.value = asText(credential);
      button.disabled = false;
      goOn(button);
    } catch (error) {
      button.disabled = false;
      say(button, WORDS[kind][error.name] || WORDS[kind][""], true);
      button.focus();
    }
  }

  for (const words of document.querySelectorAll("[data-passkey-without]")) words.hidden = true;
  for (const button of document.querySelectorAll("[data-passkey]")) {
    if (!window.PublicKeyCredential) {
      say(button, UNKNOWN + INSTEAD[button.dataset.passkey], true);
      continue;
    }
    button.hidden = false;
    button.addEventListener("click", () => ask(button));
    // Nothing else on these pages comes before it, unless a fault has the focus.
    const isFirst = !button.hasAttribute("data-stays");
    if (isFirst && document.activeElement === document.body) button.focus();
  }
})();
