/** Fills the templates of a check step's own checks. */
import type { StepContext } from '../../workflows/domain/step.js';
import type { HttpCheck, StepOf, WebSocketCheck } from '../../workflows/pipeline/plan.js';
import { render } from '../../workflows/pipeline/template.js';

/** A template has no value in this run: the pipeline is to blame. */
export class NoValue extends Error {
  override readonly name = 'NoValue';
}

type Spec = StepOf<'check'>['spec'];

/** @throws {NoValue} that names the template. */
export function rendered(
  spec: Spec,
  context: StepContext,
): { http: HttpCheck[]; webSocket: WebSocketCheck[] } {
  const { trigger, outputs, run } = context;
  const scope = { inputs: trigger.inputs, steps: outputs, run };
  const filled = (text: string): string => {
    const answer = render(text, scope);
    if (!answer.ok) throw new NoValue(answer.reason);
    return answer.text;
  };
  return {
    http: (spec.http ?? []).map((check) => renderedHttp(check, filled)),
    webSocket: (spec.webSocket ?? []).map((check) => ({ ...check, url: filled(check.url) })),
  };
}

function renderedHttp(check: HttpCheck, filled: (text: string) => string): HttpCheck {
  const { url, body, headers } = check;
  const named = Object.entries(headers ?? {}).map(([name, text]) => [name, filled(text)]);
  return {
    ...check,
    url: filled(url),
    ...(body === undefined ? {} : { body: filled(body) }),
    ...(headers === undefined ? {} : { headers: Object.fromEntries(named) }),
  };
}
