// The endpoints of the sandbox: a request in, an answer out. The table of them is sandbox.cc.
#pragma once

#include "base/result.h"
#include "providers/sandbox/reply.h"

namespace keywarden {

// Errors, all of them: InvalidRequest, with the name of the field.
Result<SandboxAnswer> answer_chat(const SandboxCall& call);
Result<SandboxAnswer> answer_completions(const SandboxCall& call);
Result<SandboxAnswer> answer_responses(const SandboxCall& call);
Result<SandboxAnswer> answer_messages(const SandboxCall& call);
Result<SandboxAnswer> answer_count_tokens(const SandboxCall& call);
Result<SandboxAnswer> answer_converse(const SandboxCall& call);
Result<SandboxAnswer> answer_converse_stream(const SandboxCall& call);
Result<SandboxAnswer> answer_embeddings(const SandboxCall& call);
Result<SandboxAnswer> answer_moderations(const SandboxCall& call);
Result<SandboxAnswer> answer_rerank(const SandboxCall& call);
Result<SandboxAnswer> answer_images(const SandboxCall& call);
Result<SandboxAnswer> answer_image_files(const SandboxCall& call);
Result<SandboxAnswer> answer_speech(const SandboxCall& call);
Result<SandboxAnswer> answer_transcriptions(const SandboxCall& call);

}  // namespace keywarden
