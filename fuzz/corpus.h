#pragma once

#include <filesystem>
#include <string>

// What make_corpus.cc puts together; each writes the files of one corpus into its folder.

void write_file(const std::filesystem::path& path, const std::string& bytes);

void write_records(const std::filesystem::path& folder);
void write_events(const std::filesystem::path& folder);
void write_pictures(const std::filesystem::path& folder);
void write_c_calls(const std::filesystem::path& folder);
