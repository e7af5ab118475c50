// The server's API, by the cookies of the login.

export class ApiError extends Error {
  constructor(status, answer) {
    const details = (answer.errors ?? []).map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    super([answer.message ?? "The server did not answer as expected.", ...details].join(" "));
    this.status = status;
  }
}

export async function call(method, path, body) {
  let response;
  try {
    response = await fetch(`/api${path}`, {
      method,
      headers: body ? { "Content-Type": "application/json" } : {},
      body: body && JSON.stringify(body),
    });
  } catch {
    throw new ApiError(0, { message: "The server did not answer. Try again." });
  }
  const answer = response.status === 204 ? {} : await response.json().catch(() => ({}));
  if (!response.ok) throw new ApiError(response.status, answer);
  return answer;
}

// One file. XMLHttpRequest, as fetch cannot tell how far an upload is.
export function upload(file, onProgress) {
  const form = new FormData();
  const date = new Date(file.lastModified).toISOString();
  form.append("fileCreatedAt", date);
  form.append("fileModifiedAt", date);
  form.append("filename", file.name);
  form.append("assetData", file, file.name);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/api/assets");
    request.responseType = "json";
    request.upload.onprogress = (event) => onProgress(event.lengthComputable ? event.loaded / event.total : 0);
    request.onload = () =>
      request.status < 300 ? resolve(request.response) : reject(new ApiError(request.status, request.response ?? {}));
    request.onerror = () => reject(new ApiError(0, { message: "the connection broke off" }));
    request.send(form);
  });
}
