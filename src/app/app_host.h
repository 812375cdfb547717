// What the command line asks of the gateway, answered.
#pragma once

#include "app/configuration.h"
#include "cli/host.h"

namespace keywarden {

class AppHost final : public Host {
public:
    /// `environment` outlives it.
    explicit AppHost(const Environment& environment) : environment_(environment) {}

    Result<int> serve(const Arguments& arguments, Terminal& terminal) override;
    Result<void> init(const Arguments& arguments, Terminal& terminal) override;
    Result<void> check_configuration(const Arguments& arguments) override;
    Result<std::vector<ShownSetting>> show_configuration(const Arguments& arguments) override;
    bool pause(std::chrono::seconds time) override;
    std::vector<Finding> examine(const Arguments& arguments) override;
    Result<std::string> read_file(const std::string& path, size_t bytes_max) override;
    Result<std::unique_ptr<PrivateFile>> make_private_file(const std::string& path) override;

private:
    Result<Configuration> configuration(const Arguments& arguments) const;

    const Environment& environment_;
};

/// The sources that the options name: --config or KEYWARDEN_CONFIG, the flags of settings, --set.
/// Errors: InvalidConfig.
Result<ConfigurationSources> sources_of(const Arguments& arguments, const Environment& environment);

}  // namespace keywarden
