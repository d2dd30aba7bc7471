// Runs in the test's page: turns what a promise settles with into something
// that can be sent to the test.

/**
 * @param {Promise<unknown>} promise
 * @param {Function} [OutboundError] the class that an error should be of
 */
export async function outcome(promise, OutboundError) {
  try {
    const value = await promise;
    if (value === undefined) {
      return {}; // only some engines' drivers send an undefined
    }
    return { value: value instanceof EventTarget ? "a client" : value };
  } catch (error) {
    return { error: describe(error, OutboundError) };
  }
}

function describe(error, OutboundError) {
  const { name, message, cause } = error;
  return {
    ...error, // code, delivery and those that apply
    name,
    message,
    cause: cause instanceof Error ? String(cause) : cause,
    isOutboundError: OutboundError !== undefined && error instanceof OutboundError,
    isError: error instanceof Error,
  };
}
