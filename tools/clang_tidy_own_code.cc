// A check that finds nothing: loaded into clang-tidy, it keeps every other check to our own code.
//
// Without it each check walks the standard library and every other header of a source, to drop what
// it finds there: two thirds of a run. clang_tidy.py builds and loads it. The static analyser is
// not concerned: it follows calls from our functions wherever they lead, as before.
//
// Source: clang::ASTContext::setTraversalScope; later clang-tidy releases do this by themselves.
#include <clang-tidy/ClangTidyCheck.h>
#include <clang-tidy/ClangTidyModule.h>
#include <clang-tidy/ClangTidyModuleRegistry.h>
#include <clang/AST/ASTContext.h>
#include <clang/ASTMatchers/ASTMatchFinder.h>
#include <vector>

namespace {

using clang::ast_matchers::MatchFinder;

class OwnCode : public clang::tidy::ClangTidyCheck {
public:
    using ClangTidyCheck::ClangTidyCheck;

    // The translation unit is matched before anything inside it, which is when its scope can be
    // set.
    void registerMatchers(MatchFinder* finder) override {
        finder->addMatcher(clang::ast_matchers::translationUnitDecl().bind("all"), this);
    }

    void check(const MatchFinder::MatchResult& found) override {
        std::vector<clang::Decl*> own;
        for (clang::Decl* declaration : found.Context->getTranslationUnitDecl()->decls()) {
            const clang::SourceLocation place = declaration->getLocation();
            if (place.isValid() && !found.SourceManager->isInSystemHeader(place)) {
                own.push_back(declaration);
            }
        }
        found.Context->setTraversalScope(own);
    }
};

class Module : public clang::tidy::ClangTidyModule {
public:
    void addCheckFactories(clang::tidy::ClangTidyCheckFactories& checks) override {
        checks.registerCheck<OwnCode>("keywarden-own-code");
    }
};

const clang::tidy::ClangTidyModuleRegistry::Add<Module> kRegistration("keywarden", "Our own code.");

}  // namespace
